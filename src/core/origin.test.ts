// All combinations of what a request can say about where it comes from, against an answer written down independently.
import { describe, expect, test } from 'vitest'
import { decideOrigin, type OriginFacts, type OriginRefusal } from './origin.ts'

const OWN = 'https://auth.example.com'
const SIBLING = 'https://blog.example.com'
const ABSENT = null

/** A form sent by a page of ours, in a browser with cookies. */
const honest: OriginFacts = {
  method: 'POST',
  origin: OWN,
  secFetchSite: 'same-origin',
  hasCookie: true,
  hasBearer: false,
  hasBrowserHeader: false,
  ownOrigin: OWN,
}
const decide = (facts: Partial<OriginFacts>): OriginRefusal | null => decideOrigin({ ...honest, ...facts })

describe('where a request comes from', () => {
  test.each<[string, string, Partial<OriginFacts>, OriginRefusal | null]>([
    ['CS-01', 'a form of ours', {}, null],
    ['CS-01', 'a form of ours in a browser without Sec-Fetch-Site', { secFetchSite: ABSENT }, null],
    ['CS-01', 'a form of ours before any cookie was set', { hasCookie: false }, null],
    ['CS-02', 'Origin: null and no Sec-Fetch-Site', { origin: 'null', secFetchSite: ABSENT }, 'origin_null'],
    ['CS-02', 'Origin: null and same-origin', { origin: 'null' }, 'origin_null'],
    [
      'CS-02',
      'Origin: null from a program with a bearer',
      { origin: 'null', secFetchSite: ABSENT, hasCookie: false, hasBearer: true },
      'origin_null',
    ],
    ['CS-04', 'a sibling subdomain', { origin: SIBLING, secFetchSite: 'same-site' }, 'origin_foreign'],
    ['CS-04', 'same-site, even with our Origin', { secFetchSite: 'same-site' }, 'origin_foreign'],
    ['CS-04', 'a sibling in a browser without Sec-Fetch-Site', { origin: SIBLING, secFetchSite: ABSENT }, 'origin_foreign'],
    ['CS-05', 'cross-site, even with our Origin', { secFetchSite: 'cross-site' }, 'origin_foreign'],
    [
      'CS-05',
      'cross-site with a bearer and no cookie',
      { origin: ABSENT, secFetchSite: 'cross-site', hasCookie: false, hasBearer: true },
      'origin_foreign',
    ],
    ['CS-05', 'a word that no browser sends', { secFetchSite: 'same-origin, cross-site' }, 'origin_foreign'],
    ['CS-06', 'no header at all, with a cookie', { origin: ABSENT, secFetchSite: ABSENT }, 'origin_missing'],
    ['CS-06', 'no header at all, with a cookie and a bearer', { origin: ABSENT, secFetchSite: ABSENT, hasBearer: true }, 'origin_missing'],
    ['CS-06', 'no header at all, no cookie, a bearer', { origin: ABSENT, secFetchSite: ABSENT, hasCookie: false, hasBearer: true }, null],
    [
      'CS-06',
      'no header at all, no cookie, Postkey-Browser',
      { origin: ABSENT, secFetchSite: ABSENT, hasCookie: false, hasBrowserHeader: true },
      null,
    ],
    ['CS-06', 'no header, no cookie, nothing else', { origin: ABSENT, secFetchSite: ABSENT, hasCookie: false }, 'origin_missing'],
    ['CS-10', 'a form of another site', { origin: 'https://evil.example', secFetchSite: 'cross-site' }, 'origin_foreign'],
    ['CS-10', 'another scheme', { origin: 'http://auth.example.com', secFetchSite: ABSENT }, 'origin_foreign'],
    ['CS-10', 'another port', { origin: `${OWN}:8443`, secFetchSite: ABSENT }, 'origin_foreign'],
    ['CS-10', 'our origin as a prefix', { origin: `${OWN}.evil.example`, secFetchSite: ABSENT }, 'origin_foreign'],
    ['CS-10', 'an empty Origin', { origin: '', secFetchSite: ABSENT }, 'origin_foreign'],
  ])('%s: %s', (_, _what, facts, answer) => {
    expect(decide(facts)).toBe(answer)
  })

  test('CS-01…CS-06: every combination', () => {
    const counted: Record<string, number> = {}
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get']) {
      for (const secFetchSite of [ABSENT, 'same-origin', 'none', 'same-site', 'cross-site', '']) {
        for (const origin of [ABSENT, OWN, 'null', SIBLING, '']) {
          for (let bits = 0; bits < 8; bits++) {
            const [hasCookie, hasBearer, hasBrowserHeader] = [(bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0]
            const answer = decide({ method, secFetchSite, origin, hasCookie, hasBearer, hasBrowserHeader })
            const changes = !['GET', 'HEAD', 'OPTIONS'].includes(method)
            const siteFine = [ABSENT, 'same-origin', 'none'].includes(secFetchSite)
            const program = !hasCookie && (hasBearer || hasBrowserHeader)
            const allowed = !changes || (siteFine && (origin === OWN || (origin === ABSENT && program)))
            expect(answer === null, JSON.stringify({ method, secFetchSite, origin, bits, answer })).toBe(allowed)
            if (answer === 'origin_null') expect(origin).toBe('null')
            if (answer === 'origin_missing') expect(origin).toBe(ABSENT)
            counted[String(answer)] = (counted[String(answer)] ?? 0) + 1
          }
        }
      }
    }
    expect(Object.keys(counted).sort()).toEqual(['null', 'origin_foreign', 'origin_missing', 'origin_null'])
  })
})
