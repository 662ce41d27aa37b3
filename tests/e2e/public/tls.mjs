// A port with TLS before the front door, as a distribution has: the suite connects with TLS, too.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";

/** Starts it, with a certificate of its own that ends with it. Resolves to its port, the file of its certificate, and how it is closed. */
export async function terminate({ host, port }) {
  const directory = mkdtempSync(join(tmpdir(), "carillon-tls-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(directory, name));
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...names], { stdio: "pipe" });
  const open = new Set();
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (client) => {
    const behind = connect({ host, port });
    open.add(client);
    client.pipe(behind).pipe(client);
    for (const [side, other] of [[client, behind], [behind, client]]) {
      side.on("error", () => other.destroy());
      side.on("close", () => other.destroy());
    }
    client.on("close", () => open.delete(client));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    certificate: cert,
    close() {
      open.forEach((client) => client.destroy());
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
}
