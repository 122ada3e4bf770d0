// `serve-module.mjs <module> <options as JSON>`: serves it with workers, and says where. Runs on the build.
import { serveModule } from '@whetstone/serve';

process.stdin
  .on('end', () => process.exit(1))
  .resume()
  .unref();
const [module, options] = process.argv.slice(2);
const server = await serveModule(module, { port: 0, workers: 2, ...JSON.parse(options) });
console.log(server.url);
process.on('SIGTERM', () => void server.stop());
