// truth: {"kind":"socket","call":"net.connect data","line":10,"milliseconds":1000,"total":1000000}
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

const server = new Worker(new URL('./socket-server.mjs', import.meta.url));
const [port] = await once(server, 'message');

// Five pieces, 200 ms apart.
const socket = connect(port, '127.0.0.1').resume();
await once(socket, 'close');
await server.terminate();
