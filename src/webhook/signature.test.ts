// Held against the library of the standard, in both directions.
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { mintWebhookSecret, sign } from './signature.ts'
import { verifyWebhook } from './verify.ts'

const secret = mintWebhookSecret()
const other = mintWebhookSecret()
const body = JSON.stringify({ type: 'signin.completed', timestamp: '2026-11-26T04:00:00.000Z', data: { user: 'Ä' } })
const now = Math.floor(Date.now() / 1_000)
const headersOf = (signature: string, at = now, id = 'msg_1') => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': signature,
})

describe('WH2: signatures', () => {
  test('the library of the standard takes ours, whatever the body', () => {
    fc.assert(
      fc.property(fc.json(), fc.stringMatching(/^[\w-]{1,40}$/), (text, id) => {
        const minted = mintWebhookSecret()
        expect(() => new Webhook(minted).verify(text, headersOf(sign([other, minted], id, now, text), now, id))).not.toThrow()
      }),
      { numRuns: 50 },
    )
  })

  test('we take those of the library', () => {
    const signature = new Webhook(secret).sign('msg_1', new Date(now * 1_000), body)
    expect(verifyWebhook(secret, headersOf(signature), body)).toMatchObject({
      ok: true,
      id: 'msg_1',
      type: 'signin.completed',
      data: { user: 'Ä' },
    })
    expect(verifyWebhook([other, secret], new Headers(headersOf(signature)), Buffer.from(body))).toMatchObject({ ok: true })
  })

  test.each([
    ['another secret', other, headersOf(sign([secret], 'msg_1', now, body)), body, 'signature_wrong'],
    ['another body', secret, headersOf(sign([secret], 'msg_1', now, body)), `${body} `, 'signature_wrong'],
    ['another id', secret, headersOf(sign([secret], 'msg_2', now, body)), body, 'signature_wrong'],
    ['another time', secret, headersOf(sign([secret], 'msg_1', now - 1, body)), body, 'signature_wrong'],
    ['another version', secret, headersOf(sign([secret], 'msg_1', now, body).replace('v1,', 'v2,')), body, 'signature_wrong'],
    ['half a signature', secret, headersOf(sign([secret], 'msg_1', now, body).slice(0, 20)), body, 'signature_wrong'],
    ['no signature', secret, headersOf(''), body, 'signature_wrong'],
    ['six minutes old', secret, headersOf(sign([secret], 'msg_1', now - 360, body), now - 360), body, 'timestamp_wrong'],
    ['from the future', secret, headersOf(sign([secret], 'msg_1', now + 360, body), now + 360), body, 'timestamp_wrong'],
    ['no number', secret, { ...headersOf('v1,x'), 'webhook-timestamp': '1e9' }, body, 'timestamp_wrong'],
    ['no time', secret, { ...headersOf('v1,x'), 'webhook-timestamp': 'soon' }, body, 'timestamp_wrong'],
    ['no headers', secret, {}, body, 'headers_missing'],
    ['not ours', secret, headersOf(sign([secret], 'msg_1', now, '[]')), '[]', 'body_malformed'],
    ['not JSON', secret, headersOf(sign([secret], 'msg_1', now, 'x')), 'x', 'body_malformed'],
  ] as const)('refused: %s', (_, by, headers, text, why) => {
    expect(verifyWebhook(by, headers, text)).toEqual({ ok: false, why })
  })

  test('four minutes are not too old', () => {
    expect(verifyWebhook(secret, headersOf(sign([secret], 'msg_1', now - 240, body), now - 240), body)).toMatchObject({ ok: true })
  })

  test('what is no secret is a mistake and not a forgery', () => {
    const long = Buffer.alloc(80).toString('base64')
    for (const bad of ['', 'whsec_', 'whsec_short', `whsec_${'é'.repeat(40)}`, `whsec_${long}`, secret.replace('whsec_', 'whsec_!')])
      expect(() => verifyWebhook(bad, headersOf('v1,x'), body)).toThrow(TypeError)
  })
})
