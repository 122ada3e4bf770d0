// An application of Hono, as its documentation writes them: nothing here knows of this server.
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { HTTPException } from 'hono/http-exception';
import { stream, streamSSE } from 'hono/streaming';

const app = new Hono();
app.use(async (c, next) => {
  await next();
  c.header('x-process', String(process.pid));
});
app.get('/', (c) => c.text('hello'));
app.get('/user/:name', (c) => c.json({ name: c.req.param('name'), page: c.req.query('page') ?? null }));
app.post('/echo', async (c) => c.json(await c.req.json(), 201));
app.post('/form', async (c) => {
  const { note, file } = await c.req.parseBody();
  return c.json({ note, file: { name: file.name, text: await file.text() } });
});
app.get('/stream', (c) =>
  stream(c, async (out) => {
    for (const piece of ['one ', 'two ', 'three']) await out.write(piece);
  }),
);
app.get('/events', (c) =>
  streamSSE(c, async (out) => {
    await out.writeSSE({ event: 'news', data: 'first' });
    await out.writeSSE({ event: 'news', data: 'last' });
  }),
);
app.get('/cookie', (c) => {
  c.header('set-cookie', 'a=b', { append: true });
  c.header('set-cookie', 'c=d', { append: true });
  return c.body(null, 204);
});
app.use('/private/*', basicAuth({ username: 'me', password: 'secret' }));
app.get('/private/page', (c) => c.html('<p>private</p>'));
app.get('/redirect', (c) => c.redirect('/'));
app.get('/forbidden', () => {
  throw new HTTPException(403, { message: 'not you' });
});
app.get('/fail', () => {
  throw new Error('as asked');
});
app.onError((error, c) =>
  error instanceof HTTPException ? error.getResponse() : c.json({ error: error.message }, 500),
);
app.notFound((c) => c.text('nothing here', 404));

export default app;
