// An application of itty-router, as its documentation writes them.
import { AutoRouter, error } from 'itty-router';

const router = AutoRouter();
router
  .get('/', () => 'hello')
  .get('/user/:name', ({ params, query }) => ({ name: params.name, page: query.page ?? null }))
  .post('/echo', (request) => request.json())
  .get('/forbidden', () => error(403, 'not you'))
  .get('/fail', () => {
    throw new Error('as asked');
  });

export default router;
