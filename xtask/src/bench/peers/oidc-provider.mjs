// oidc-provider as it comes, with one client that gets access tokens and asks for them. Everything is kept in memory: its
// own adapter for development, which writes nothing to a disk. FORMAT is opaque or jwt; introspection takes opaque tokens.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { PORT, FORMAT } = process.env;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'bench' };

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  jwks: { keys: [key] },
  clients: [{
    client_id: 'bench',
    client_secret: 'bench-secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  }],
  scopes: ['scope1'],
  ttl: { ClientCredentials: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: FORMAT === 'jwt' ? {
      enabled: true,
      defaultResource: async () => 'https://api.example',
      getResourceServerInfo: async () => ({
        scope: 'scope1',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    } : { enabled: false },
  },
});
provider.listen(PORT, '127.0.0.1');
