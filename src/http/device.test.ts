// Real headers get the name a person would give the browser; hostile ones get a name of ours too.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceName, deviceNames } from './device.ts'

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const BLINK = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'

describe('the name of a browser', () => {
  test.each([
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'],
    ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0'],
    ['Firefox on Android', 'Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0'],
    ['Firefox on iPhone', `${IPHONE} ${WEBKIT} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`],
    ['Safari on iPhone', `${IPHONE} ${WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1`],
    ['Safari on iPad', `Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) ${WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1`],
    ['Safari on macOS', `${MAC} ${WEBKIT} Version/18.6 Safari/605.1.15`],
    ['Chrome on Windows', `${WINDOWS} ${BLINK} Chrome/140.0.0.0 Safari/537.36`],
    ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Chrome/140.0.0.0 Mobile Safari/537.36`],
    ['Chrome on iPad', `Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) ${WEBKIT} CriOS/126.0.0.0 Mobile/15E148 Safari/604.1`],
    ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/140.0.0.0 Safari/537.36`],
    ['Edge on Windows', `${WINDOWS} ${BLINK} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`],
    ['Edge on Android', `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${BLINK} Chrome/140.0.0.0 Mobile Safari/537.36 EdgA/140.0`],
    ['Opera on macOS', `${MAC} ${BLINK} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0`],
    [
      'Samsung Internet on Android',
      `Mozilla/5.0 (Linux; Android 14; SM-S918B) ${BLINK} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36`,
    ],
    ['DuckDuckGo on macOS', `${MAC} ${WEBKIT} Version/18.6 Safari/605.1.15 Ddg/18.6`],
    ['an app on iPhone', `${IPHONE} ${WEBKIT} Mobile/15E148`],
    ['an app on iPhone', `${IPHONE} ${WEBKIT} Mobile/15E148 Instagram 300.0.0.0 (iPhone14,3; iOS 18_6)`],
    ['an app on Android', `Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) ${BLINK} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36`],
    ['an app on Android', 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A)'],
    ['an app', 'curl/8.5.0'],
    ['an app', 'okhttp/4.12.0'],
    ['an app', 'python-requests/2.32.3'],
    ['an unknown browser', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
    ['an unknown browser', 'node'],
    ['an unknown browser', ''],
    ['an unknown browser', null],
  ])('is %s', (name, userAgent) => {
    expect(deviceName(userAgent)).toBe(name)
  })

  test.each([
    'Call +1 555 0100 now/1.0',
    'https://evil.example/phish Firefox/1',
    '<script>alert(1)</script>/1.0',
    'Your account is locked, visit evil.example/1.0 Mozilla',
    'Firefox/1.0\r\nBcc: victim@example.com',
    'Mozilla/5.0 (Evil OS; call us) Evil/1.0',
    'Mozilla/5.0 (X11; Linux) Firefox/<b>',
    'Mozilla/5.0 '.repeat(40),
    '__proto__/1.0',
    'constructor',
    'toString/1',
    '(((((((((('.repeat(1_000),
    '\u202eFirefox/1.0\0',
    'Firefox on Linux/1.0 <img>',
  ])('IN-07: %j gets a name from the list', (userAgent) => {
    expect(deviceNames.has(deviceName(userAgent))).toBe(true)
  })

  test('IN-07: what stands behind the first 300 characters is not read', () => {
    expect(deviceName(`Mozilla/5.0 ${' '.repeat(300)} (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0`)).toBe(
      'an unknown browser',
    )
  })

  test('IN-07: whatever is sent, the name is from the list, at once and when remembered', () => {
    const bit = fc.oneof(
      fc.constantFrom(
        'Mozilla/5.0',
        '(',
        ')',
        ';',
        'Windows NT 10.0',
        'iPhone',
        'like Mac OS X',
        'Android 14',
        'Chrome/',
        'Firefox/',
        'Safari/',
        'Version/',
        '1.0',
        ' ',
        'wv',
        'Edg/',
        'bot',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 25, size: 'max' }), (bits) => {
        const name = deviceName(bits.join(' '))
        expect(deviceNames.has(name)).toBe(true)
        expect(deviceName(bits.join(' '))).toBe(name)
      }),
      { numRuns: 500 },
    )
  })

  test('a flood of new headers, more than are remembered, is still named right', () => {
    for (let n = 0; n < 5_000; n++)
      expect(deviceName(`Mozilla/5.0 (X11; Linux x86_64; rv:${n}.0) Gecko/20100101 Firefox/${n}.0`)).toBe('Firefox on Linux')
  })
})
