// The name of a browser for people: "Firefox on Linux". It goes into mails, pages and events, so it is put together from fixed
// lists only; nothing of the header, which an attacker writes, is ever repeated ("call +1 555 …" in a mail of ours, IN-07).
import Bowser from 'bowser'
import { Memory } from './memory.ts'

const UNKNOWN = 'an unknown browser'
const APP = 'an app'

/** What bowser calls it → what we call it. */
const BROWSERS: ReadonlyMap<string, string> = new Map([
  ['Chrome', 'Chrome'],
  ['Chromium', 'Chromium'],
  ['Firefox', 'Firefox'],
  ['Focus', 'Firefox Focus'],
  ['LibreWolf', 'LibreWolf'],
  ['Safari', 'Safari'],
  ['Microsoft Edge', 'Edge'],
  ['Opera', 'Opera'],
  ['Samsung Internet for Android', 'Samsung Internet'],
  ['Vivaldi', 'Vivaldi'],
  ['Brave', 'Brave'],
  ['DuckDuckGo', 'DuckDuckGo'],
  ['Epiphany', 'GNOME Web'],
  ['Amazon Silk', 'Amazon Silk'],
  ['Yandex Browser', 'Yandex Browser'],
  ['UC Browser', 'UC Browser'],
  ['Internet Explorer', 'Internet Explorer'],
  ['Google Search', APP],
  ['WeChat', APP],
  ['Electron', APP],
])

const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['Windows', 'Windows'],
  ['macOS', 'macOS'],
  ['Linux', 'Linux'],
  ['Chrome OS', 'ChromeOS'],
  ['Android', 'Android'],
  ['HarmonyOS', 'HarmonyOS'],
])

/** Every name that deviceName can give. */
export const deviceNames: ReadonlySet<string> = new Set(
  [...BROWSERS.values(), UNKNOWN].flatMap((browser) => [
    browser,
    ...['iPhone', 'iPad', ...SYSTEMS.values()].map((system) => `${browser} on ${system}`),
  ]),
)

/** Programs, and the browsers built into apps, which bowser takes for the browser they are made of. */
const PROGRAM =
  /^(?!Mozilla\/|Opera\/)[\w.-]+\/\d|; wv\)|\bFB(?:AN|AV)\/|\bInstagram\b|\bLine\/|\bLinkedInApp\b|\bSnapchat\b|\(iP(?!.*\bSafari\/)/

const known = new Memory<string>(2_000)
const LONGEST = 300

export function deviceName(userAgent: string | null): string {
  if (!userAgent) return UNKNOWN
  // Not remembered: a slice would keep the whole long header in memory.
  return userAgent.length > LONGEST ? readName(userAgent.slice(0, LONGEST)) : known.recall(userAgent, readName)
}

function readName(userAgent: string): string {
  const parser = Bowser.getParser(userAgent, true)
  const browser = PROGRAM.test(userAgent) ? APP : (BROWSERS.get(parser.getBrowserName()) ?? UNKNOWN)
  const system = readSystem(userAgent, parser.getOSName())
  return system === undefined ? browser : `${browser} on ${system}`
}

function readSystem(userAgent: string, system: string): string | undefined {
  if (system !== 'iOS' && system !== 'iPadOS') return SYSTEMS.get(system)
  return /\biPad\b/.test(userAgent) ? 'iPad' : 'iPhone'
}
