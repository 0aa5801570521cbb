// The hand-over of a proved mailbox to another library, checked by what such a library does: state and verifier of its own, a code, an
// exchange. With the real Better Auth and Auth.js: test/deep/bridges.test.ts.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type BridgeOptions, type HandOver, handOver } from '../src/bridge/hand-over.ts'
import { Clock, type Kit, type Person, startKit } from '../src/testing/testing.ts'

const ADA = 'ada@example.net'
const SECRET = 'bridge-secret-of-at-least-32-bytes-0123456789abcdef'
const HERE = 'https://app.example.com/postkey/authorize'
const CALLBACK = 'https://app.example.com/api/auth/callback/postkey'
const VERIFIER = 'a-verifier-that-the-library-keeps-with-the-browser-0001'

interface Scene extends AsyncDisposable {
  readonly kit: Kit
  readonly hand: HandOver
}

async function startScene(more: Partial<BridgeOptions> = {}, policy = {}): Promise<Scene> {
  const clock = new Clock(Date.now())
  let hand: HandOver | null = null
  const kit = await startKit({
    clock,
    policy,
    secret: SECRET,
    app: (postkey) => {
      const made = handOver({ postkey, secret: SECRET, now: clock.now, ...more }, { here: HERE, callback: CALLBACK })
      hand = made
      return async (request) => (request.url.startsWith(HERE) ? await made.authorize(request) : await postkey.handler(request))
    },
  })
  return { kit, hand: hand as unknown as HandOver, [Symbol.asyncDispose]: kit.close }
}

function beginning(changed: Readonly<Record<string, string>> = {}): string {
  const code_challenge = createHash('sha256').update(VERIFIER).digest('base64url')
  return `${HERE}?${new URLSearchParams({ redirect_uri: CALLBACK, state: 'st', code_challenge, code_challenge_method: 'S256', ...changed })}`
}

/** Comes as the library sends people, proves the mailbox, and goes where that leads. */
async function proveAndReturn({ kit }: Scene, person: Person = kit.person()): Promise<{ readonly code: string; readonly person: Person }> {
  const first = await person.get(beginning())
  const returnTo = new URL(first.location).searchParams.get('return_to') ?? ''
  await person.ask(ADA, returnTo)
  const proved = await person.typeCode((await kit.mail(ADA)).code ?? '')
  const back = new URL((await person.get(proved.location)).location)
  expect(`${back.origin}${back.pathname}`).toBe(CALLBACK)
  expect(back.searchParams.get('state')).toBe('st')
  return { code: back.searchParams.get('code') ?? '', person }
}

test('whoever has proved the mailbox is handed over by a stable id, and Postkey’s own session is ended by that', async () => {
  await using scene = await startScene()
  const { code, person } = await proveAndReturn(scene)
  expect(await person.whoAmI()).toBe(ADA)
  const handed = scene.hand.take((await scene.hand.exchange(code, VERIFIER)) ?? '')
  expect(handed).toEqual({ id: expect.stringMatching(/^[0-9A-Za-z]{16}$/), email: ADA })
  expect(await person.whoAmI()).toBeNull()
  const again = await proveAndReturn(scene, person)
  expect(scene.hand.take((await scene.hand.exchange(again.code, VERIFIER)) ?? '')).toEqual(handed)
})

test('a code is good once, also when it comes fifty times at once; a ticket too', async () => {
  await using scene = await startScene()
  const { code } = await proveAndReturn(scene)
  const tickets = (await Promise.all(Array.from({ length: 50 }, () => scene.hand.exchange(code, VERIFIER)))).filter((one) => one !== null)
  expect(tickets).toHaveLength(1)
  expect(await scene.hand.exchange(code, VERIFIER)).toBeNull()
  expect(scene.hand.take(tickets[0] ?? '')?.email).toBe(ADA)
  expect(scene.hand.take(tickets[0] ?? '')).toBeNull()
})

test('a code is good for the verifier of the browser that began, and a wrong one spends nothing', async () => {
  await using scene = await startScene()
  const { code, person } = await proveAndReturn(scene)
  expect(await scene.hand.exchange(code, `${VERIFIER}x`)).toBeNull()
  expect(await scene.hand.exchange(code, '')).toBeNull()
  expect(await person.whoAmI()).toBe(ADA)
  expect(await scene.hand.exchange(code, VERIFIER)).not.toBeNull()
})

test('a code is good for a minute', async () => {
  await using scene = await startScene()
  const { code, person } = await proveAndReturn(scene)
  scene.kit.clock.forward(60_001)
  expect(await scene.hand.exchange(code, VERIFIER)).toBeNull()
  expect(await person.whoAmI()).toBe(ADA)
})

test('a code is nothing after its user was disabled, or has signed out', async () => {
  await using scene = await startScene()
  const { kit, hand } = scene
  const first = await proveAndReturn(scene)
  await first.person.signOut()
  expect(await hand.exchange(first.code, VERIFIER)).toBeNull()
  const { code } = await proveAndReturn(scene)
  await kit.postkey.users.disable({ email: ADA })
  expect(await hand.exchange(code, VERIFIER)).toBeNull()
})

test('a code that was changed, or sealed for another application, is none', async () => {
  await using scene = await startScene()
  const { code } = await proveAndReturn(scene)
  const changed = `${code.slice(0, -5)}${code.at(-5) === 'A' ? 'B' : 'A'}${code.slice(-4)}`
  expect(await scene.hand.exchange(changed, VERIFIER)).toBeNull()
  const options = { postkey: scene.kit.postkey, secret: SECRET }
  const other = handOver(options, { here: HERE, callback: 'https://other.example.com/callback' })
  expect(await other.exchange(code, VERIFIER)).toBeNull()
  const stranger = handOver({ ...options, secret: SECRET.toUpperCase() }, { here: HERE, callback: CALLBACK })
  expect(await stranger.exchange(code, VERIFIER)).toBeNull()
  // With a new secret before the old one it still is one.
  const rotated = handOver({ ...options, secret: [SECRET.toUpperCase(), SECRET] }, { here: HERE, callback: CALLBACK })
  expect(await rotated.exchange(code, VERIFIER)).not.toBeNull()
})

test('an old proof is not enough: the mailbox is asked for again', async () => {
  await using scene = await startScene()
  const { person } = await proveAndReturn(scene)
  scene.kit.clock.forward('2h')
  expect(new URL((await person.get(beginning())).location).pathname).toBe('/account/confirm')
})

test.each([
  ['another callback', { redirect_uri: 'https://evil.example/callback' }, 'redirect_uri must be'],
  ['no state', { state: '' }, 'state is missing'],
  ['no challenge', { code_challenge: '' }, 'has to use PKCE'],
  ['a verifier in clear', { code_challenge_method: 'plain' }, 'has to use PKCE'],
])('%s is refused, and leads nowhere', async (_, changed, said) => {
  await using scene = await startScene()
  const ada = await scene.kit.signIn(ADA)
  const answer = await ada.get(beginning(changed))
  expect([answer.status, answer.location]).toEqual([400, ''])
  expect(answer.text).toContain(said)
})

test('neither address, id nor session can be read from a code, and no cache keeps it', async () => {
  await using scene = await startScene()
  const ada = await scene.kit.signIn(ADA)
  const answer = await ada.get(beginning())
  const clear = Buffer.from(new URL(answer.location).searchParams.get('code') ?? '', 'base64url').toString('latin1')
  for (const kept of [ADA, ...ada.cookies.values()]) expect(clear + answer.location).not.toContain(kept)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
})
