// An authorization server that others wrote, for tests: code + PKCE, rotating refresh tokens with reuse detection,
// revocation, a protected resource. It signs in and consents by itself, as whoever `login_hint` names.
//
//   node oidc-provider.mjs '{"redirect_uris": ["http://127.0.0.1/callback"], "access_token_ttl": 60}'
//
// Prints one line, {"issuer": "http://127.0.0.1:<port>"}, and ends when its standard input does.
//
//   GET /resource   {"sub"} to a bearer of an access token that is valid here and now, else 401
//   GET /events     what happened so far: [{"name", "detail"}], in order

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const settings = {
  redirect_uris: ['http://127.0.0.1/callback'],
  access_token_ttl: 60,
  refresh_token_ttl: 24 * 3600,
  token_delay_ms: 0,
  ...JSON.parse(process.argv[2] ?? '{}'),
};

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = (id, method) => ({
  client_id: id,
  ...(method === 'none' ? {} : { client_secret: `${id}-secret` }),
  token_endpoint_auth_method: method,
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: settings.redirect_uris,
});

const provider = new Provider(issuer, {
  clients: [client('basic', 'client_secret_basic'), client('post', 'client_secret_post'), client('public', 'none')],
  jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
  cookies: { keys: ['tests only'] },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({ scope: 'api:read api:write', accessTokenFormat: 'opaque' }),
      useGrantedResource: () => true,
    },
  },
  scopes: ['openid', 'offline_access', 'email', 'api:read', 'api:write'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: {
    AccessToken: settings.access_token_ttl,
    RefreshToken: settings.refresh_token_ttl,
    AuthorizationCode: 60,
    IdToken: 3600,
    Interaction: 600,
    Session: 3600,
    Grant: 24 * 3600,
  },
});

const events = [];
const record = (name, detail) => events.push({ name, detail: detail ?? null });
for (const name of ['authorization_code.saved', 'access_token.saved', 'refresh_token.saved', 'refresh_token.consumed', 'grant.revoked']) {
  provider.on(name, () => record(name));
}
provider.on('grant.success', (ctx) => record('grant.success', ctx.oidc.params.grant_type));
provider.on('grant.error', (_, error) => record('grant.error', error.error_detail ?? error.error_description));
provider.on('server_error', (_, error) => record('server_error', error.stack));

async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint ?? 'alice' } });
  }

  const grant = (grantId && (await provider.Grant.find(grantId)))
    || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(prompt.details.missingOIDCScope?.join(' ') ?? '');
  grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
  for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }

  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

async function resource(request, response) {
  const value = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const token = value && (await provider.AccessToken.find(value));
  answer(response, token ? 200 : 401, token ? { sub: token.accountId } : { error: 'invalid_token' });
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const callback = provider.callback();
server.on('request', async (request, response) => {
  try {
    const { pathname } = new URL(request.url, issuer);
    if (pathname.startsWith('/interaction/')) return await interact(request, response);
    if (pathname === '/resource') return await resource(request, response);
    if (pathname === '/events') return answer(response, 200, events);
    if (pathname === '/token' && settings.token_delay_ms > 0) {
      await new Promise((resolve) => setTimeout(resolve, settings.token_delay_ms));
    }
    return await callback(request, response);
  } catch (error) {
    record('server_error', error.stack);
    return answer(response, 500, { error: 'server_error' });
  }
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
console.log(JSON.stringify({ issuer }));
