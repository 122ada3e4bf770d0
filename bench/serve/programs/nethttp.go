package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
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

func answer(w http.ResponseWriter, value any) {
	text, _ := json.Marshal(value)
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
		w.Write([]byte("hello"))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) { answer(w, message{"hello", 42}) })
	mux.HandleFunc("/user/", func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/user/")
		answer(w, user{id, r.URL.Query().Get("name"), r.Header.Get("X-Agent")})
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], mux))
}
