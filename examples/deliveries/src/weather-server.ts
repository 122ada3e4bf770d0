// A service that takes its time: `/weather?zone=…` answers after 12 ms. It prints its port, and ends with its parent.
import { createServer } from 'node:http';

const answerAfter = 12;

const server = createServer((request, response) => {
  const zone = new URL(request.url ?? '/', 'http://localhost').searchParams.get('zone') ?? '';
  setTimeout(() => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ zone, wind: (zone.length * 7) % 30 }));
  }, answerAfter);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
process.on('disconnect', () => process.exit());
