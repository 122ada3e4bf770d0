// A shelf for files: `whetstone serve src/app.ts`. What may be set comes from the environment.
import { fileURLToPath } from 'node:url';
import { type Context, type Handler, type ServerSentEvent, eventStream, files } from '@whetstone/serve';
import { Shelf, ShelfError } from './shelf.ts';

const here = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const shelf = await Shelf.at(
  process.env['SHELF_FOLDER'] ?? here('../shelved'),
  Number(process.env['SHELF_BYTES'] ?? 1024 ** 3),
);

const stored = files(shelf.folder, { compress: false, cacheControl: 'no-cache' });

/** Others' files: to be kept, never to be run as a page of ours. */
const download: Handler = async (request, context) => {
  const response = await stored(request, context);
  response.headers.set('content-disposition', 'attachment');
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('content-security-policy', 'sandbox');
  return response;
};

/** A form with one or more fields `file`, as the page sends it. */
async function upload(request: Request): Promise<Response> {
  const form = await request.formData();
  const given = form.getAll('file').filter((field) => field instanceof File);
  if (given.length === 0) throw new ShelfError(400, 'the form has no file in a field `file`.');
  const put = [];
  for (const file of given) put.push(await shelf.put(file.name, file.stream()));
  return Response.json(put, { status: 201 });
}

/** The body itself, as `curl -T` sends it: written as it comes, no faster than the disk. */
async function put(request: Request, { params }: Context): Promise<Response> {
  const file = await shelf.put(params['name']!, request.body ?? new Blob([]).stream());
  return Response.json(file, { status: 201 });
}

async function remove(_request: Request, { params }: Context): Promise<Response> {
  if (await shelf.remove(params['name']!)) return new Response(null, { status: 204 });
  throw new ShelfError(404, `there is no '${params['name']}' on the shelf.`);
}

async function* listEvents(signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  for await (const list of shelf.changes(signal)) yield { event: 'list', data: JSON.stringify(list) };
}

export default {
  routes: {
    '/files/*': download,
    '/api/files': { GET: async () => Response.json(await shelf.list()), POST: upload },
    '/api/files/:name': { PUT: put, DELETE: remove },
    '/api/events': { GET: (request: Request) => eventStream(listEvents(request.signal)) },
    '/*': files(here('../public')),
  },
  error(error: unknown): Response {
    if (error instanceof ShelfError) return Response.json({ error: error.message }, { status: error.status });
    console.error(error);
    return Response.json({ error: 'this went wrong here; try again.' }, { status: 500 });
  },
};
