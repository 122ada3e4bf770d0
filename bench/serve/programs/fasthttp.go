package main

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/valyala/fasthttp"
)

type message struct {
	Message string `json:"message"`
	Number  int    `json:"number"`
}

type user struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Agent string `json:"agent"`
}

func answer(ctx *fasthttp.RequestCtx, value any) {
	text, _ := json.Marshal(value)
	ctx.SetContentType("application/json")
	ctx.SetBody(text)
}

func main() {
	handler := func(ctx *fasthttp.RequestCtx) {
		path := ctx.Path()
		switch {
		case bytes.HasPrefix(path, []byte("/user/")):
			answer(ctx, user{string(path[6:]), string(ctx.QueryArgs().Peek("name")), string(ctx.Request.Header.Peek("X-Agent"))})
		case string(path) == "/json":
			answer(ctx, message{"hello", 42})
		default:
			ctx.SetContentType("text/plain;charset=UTF-8")
			ctx.SetBodyString("hello")
		}
	}
	panic(fasthttp.ListenAndServe("127.0.0.1:"+os.Args[1], handler))
}
