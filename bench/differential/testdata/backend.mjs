// Node's own http server. Each request that a handler was given whole is a line of JSON on stdout.
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';

const server = createServer((request, response) => {
  const hash = createHash('sha256');
  let length = 0;
  request.on('data', piece => { length += piece.length; hash.update(piece); });
  request.on('end', () => {
    const fields = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) fields.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
    console.log(JSON.stringify({
      method: request.method, target: request.url, host: request.headers.host ?? '', length, hash: hash.digest('hex'), fields,
    }));
    response.end('node');
  });
  request.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
