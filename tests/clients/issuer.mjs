// What a CI system has that makes ID tokens of its jobs: who it says it is, the keys by which it signs (OpenID Connect
// Discovery 1.0), and where a job asks for a token, as in GitHub Actions.
// Knows nothing of registries.

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import http from 'node:http';

const KEY_ID = 'the-key';
const LIFE_SECONDS = 300;
/** What jobs show that ask for a token. */
const REQUEST_TOKEN = 'of-a-running-job';

/** Starts an issuer on a free port of this machine, whose jobs claim this besides. */
export async function startIssuer(claims) {
  const issuer = new Issuer(claims);
  await issuer.listen();
  return issuer;
}

class Issuer {
  #claims;
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #server = http.createServer((request, response) => {
    const [status, body] = this.#answer(new URL(request.url, this.url), request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  url;

  constructor(claims) {
    this.#claims = claims;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** The environment variables of a job that asks for its token, as GitHub Actions gives them. */
  get askingJob() {
    return {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.url}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    };
  }

  /** Those of a job that has its token, made for this audience, as in GitLab CI. */
  jobWithToken(audience) {
    return { CI: 'true', GITLAB_CI: 'true', NPM_ID_TOKEN: this.token(audience) };
  }

  /** A token of a job, made for this audience. */
  token(audience) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.url, aud: audience, jti: randomUUID(), iat: now, nbf: now, exp: now + LIFE_SECONDS, ...this.#claims,
    };
    const header = { alg: 'RS256', typ: 'JWT', kid: KEY_ID };
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#keys.privateKey).toString('base64url')}`;
  }

  stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  #answer({ pathname, searchParams }, authorization) {
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return [200, { issuer: this.url, jwks_uri: `${this.url}/keys` }];
      case '/keys':
        return [200, { keys: [this.#key()] }];
      case '/token':
        if (authorization !== `Bearer ${REQUEST_TOKEN}`) return [401, { message: 'this is no job' }];
        return [200, { value: this.token(searchParams.get('audience')) }];
      default:
        return [404, { message: 'not found' }];
    }
  }

  #key() {
    return { ...this.#keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' };
  }
}
