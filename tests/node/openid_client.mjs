// Works with the broker as openid-client does with any other, without a special case.
//
// usage: openid_client.mjs ISSUER CLIENT_ID SECRET EMERGENCY_TOKEN REALM

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [issuer, clientId, secret, emergency, realm] = process.argv.slice(2)
// The packages stand in the target folder, not beside this script.
const { resolve } = createRequire(path.join(process.env.BREAKGLASS_E2E_NODE, 'package.json'))
const oauth = await import(pathToFileURL(resolve('openid-client')))

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const publicUrl = issuer.replace('/acs/t/CUSTOMER', '')
const realms = new URL('/suite-api/api/fleet-management/iam/ssorealms', publicUrl)

function discover(authentication) {
  const options = { execute: [oauth.allowInsecureRequests] }
  return oauth.discovery(new URL(issuer), clientId, undefined, authentication, options)
}

// Registers a public key. The holder of the emergency token may, as the administrator of the realm.
async function register(key) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key)
  const answer = await fetch(`${publicUrl}/breakglass/v1/realms/${realm}/clients/${clientId}/keys`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${emergency}`, 'content-type': 'application/json' },
    body: JSON.stringify({ keys: [{ kty, crv, x, y }] }),
  })
  assert.equal(answer.status, 200)
}

// Everything that a client does, with one way to authenticate.
async function walk(config) {
  const metadata = config.serverMetadata()
  assert.equal(metadata.issuer, issuer)
  const token = await oauth.clientCredentialsGrant(config)
  assert.deepEqual([token.token_type, token.scope], ['bearer', 'vcf_viewer'])
  const alive = await oauth.tokenIntrospection(config, token.access_token)
  assert.deepEqual([alive.active, alive.client_id], [true, clientId])
  const answer = await oauth.fetchProtectedResource(config, token.access_token, realms, 'GET')
  assert.equal(answer.status, 200)

  const narrow = await oauth.genericGrantRequest(config, EXCHANGE, {
    subject_token: emergency,
    subject_token_type: ACCESS_TOKEN,
    scope: 'vcf_viewer',
  })
  const known = await oauth.tokenIntrospection(config, narrow.access_token)
  assert.deepEqual([known.sub, known.act], ['fire', { sub: clientId }])

  await oauth.tokenRevocation(config, token.access_token)
  assert.deepEqual(await oauth.tokenIntrospection(config, token.access_token), { active: false })
  const wider = oauth.clientCredentialsGrant(config, { scope: 'vcf_administrator' })
  await assert.rejects(wider, (error) => error.error === 'invalid_scope')
}

// A token that is bound to a key, through the nonce that the server asks for.
async function prove(config) {
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
  const token = await oauth.clientCredentialsGrant(config, {}, { DPoP })
  assert.equal(token.token_type, 'dpop')
  const known = await oauth.tokenIntrospection(config, token.access_token)
  assert.equal(known.cnf.jkt, await DPoP.calculateThumbprint())
  const fetchRealms = (options) =>
    oauth.fetchProtectedResource(config, token.access_token, realms, 'GET', null, undefined, options)
  assert.equal((await fetchRealms({ DPoP })).status, 200)
  assert.equal((await fetchRealms({ DPoP })).status, 200)
  // Without the key it is of no use.
  await assert.rejects(fetchRealms(), (error) => error.status === 401)
  const other = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
  await assert.rejects(fetchRealms({ DPoP: other }), (error) => error.status === 401)

  const exchange = (options) => {
    const wanted = { subject_token: token.access_token, subject_token_type: ACCESS_TOKEN }
    return oauth.genericGrantRequest(config, EXCHANGE, wanted, options)
  }
  await assert.rejects(exchange(), (error) => error.error === 'invalid_grant')
  const copy = await exchange({ DPoP })
  assert.equal((await oauth.tokenIntrospection(config, copy.access_token)).cnf.jkt, known.cnf.jkt)
}

await walk(await discover(oauth.ClientSecretBasic(secret)))
await walk(await discover(oauth.ClientSecretPost(secret)))
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
await register(pair.publicKey)
const config = await discover(oauth.PrivateKeyJwt(pair.privateKey))
await walk(config)
await prove(config)
const wrong = oauth.clientCredentialsGrant(await discover(oauth.ClientSecretBasic('wrong')))
await assert.rejects(wrong, (error) => error.status === 401)
