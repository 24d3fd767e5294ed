// OpenID providers that others wrote (npm oidc-provider), for the gateway's tests. Obeys lines on its input, each with a line
// on its output:
//   {}                                                        listen on a free port of this machine, and say which
//   {"port": …, "issuer": ADDRESS, "algorithm": "RS256", …}   be the provider of that issuer there, with a new key
// Whom a flow verifies is its login_hint. It ends with its input.
import {createServer} from 'node:http';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {createInterface} from 'node:readline';
import Provider from 'oidc-provider';

const kinds = {
  RS256: ['rsa', {modulusLength: 2048}],
  ES256: ['ec', {namedCurve: 'P-256'}],
  EdDSA: ['ed25519', {}],
};

function make({issuer, algorithm, redirects}) {
  const [kind, options] = kinds[algorithm];
  const key = generateKeyPairSync(kind, options).privateKey.export({format: 'jwk'});
  const client = (id, method) => ({
    client_id: id, client_secret: 'a secret: +/?', redirect_uris: redirects, response_types: ['code'],
    grant_types: ['authorization_code'], token_endpoint_auth_method: method, id_token_signed_response_alg: algorithm,
  });
  const provider = new Provider(issuer, {
    clients: [client('waitroom', 'client_secret_basic'), client('waitroom-post', 'client_secret_post')],
    jwks: {keys: [{...key, use: 'sig', alg: algorithm, kid: randomBytes(8).toString('hex')}]},
    cookies: {keys: [randomBytes(16).toString('hex')]},
    claims: {openid: ['sub'], profile: ['birthdate', 'name', 'priority_group']},
    features: {devInteractions: {enabled: false}},
    pkce: {required: () => true},
    interactions: {url: (_, interaction) => `/interaction/${interaction.uid}`},
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({sub: id, name: 'Hong Gildong the planted', birthdate: `1990-03-${id.slice(-2)}`, priority_group: 'y'}),
    }),
    ttl: {AccessToken: 300, AuthorizationCode: 60, Grant: 300, IdToken: 300, Interaction: 300, Session: 300},
  });
  provider.proxy = true; // it stands behind one that breaks its answers
  return provider;
}

async function interact(provider, req, res) {
  const {prompt, params, session, grantId} = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, {login: {accountId: params.login_hint}});
  }
  const grant = grantId ? await provider.Grant.find(grantId)
    : new provider.Grant({accountId: session.accountId, clientId: params.client_id});
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(req, res, {consent: {grantId: await grant.save()}}, {mergeWithLastSubmission: true});
}

const providers = new Map(); // by port

function open() {
  const server = createServer((req, res) => {
    const provider = providers.get(server.address().port);
    if (!req.url.startsWith('/interaction/')) {
      provider.callback()(req, res);
      return;
    }
    interact(provider, req, res).catch((error) => {
      console.error(error);
      res.writeHead(500).end();
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({port: server.address().port})));
}

const input = createInterface({input: process.stdin});
input.on('line', (line) => {
  const wish = JSON.parse(line);
  if (!wish.port) {
    open();
    return;
  }
  providers.set(wish.port, make(wish));
  console.log('{}');
});
input.on('close', () => process.exit(0));
