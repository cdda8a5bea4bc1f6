// A server on loopback that answers every inference at once with one small tensor, and echoes the id. Prints its port.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const id = /"id":"([^"]*)"/.exec(body)?.[1] ?? "";
    const answer = `{"model_name":"m","id":"${id}","outputs":[{"name":"p","datatype":"FP32","shape":[1,2],"data":[0.25,0.75]}]}`;
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
