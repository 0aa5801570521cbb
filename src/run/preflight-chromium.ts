// The real browser of `postkey preflight`: the adopter's Playwright, with a browser of its own or one of the machine.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { NotHere } from '../preflight/case.ts'
import type { Chromium } from '../preflight/real-browser.ts'
import type { Request } from './command.ts'
import { findPeer } from './peer.ts'

type Playwright = typeof import('playwright-core')
const INSTALL = 'npm install playwright && npx playwright install chromium'
/** Playwright's own, then what people have. */
const CHANNELS = [undefined, 'chrome', 'chromium', 'msedge']
/** A signal is the command's own: the browser ends with it, at the other end of its pipe. */
const OWN_SIGNALS = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }

/** @throws Error in words for a terminal; what it returns throws NotHere, with what would help. */
export function chromiumOf({ terminal, flags }: Request): () => Promise<Chromium> {
  const named = flags['chromium'] === undefined ? null : resolve(terminal.folder, flags['chromium'])
  if (named !== null && !existsSync(named)) throw new Error(`--chromium names ${named}, where there is no file`)
  return async () => {
    const folder = resolve(terminal.folder)
    const playwright = findPeer<Playwright>('playwright', folder) ?? findPeer<Playwright>('playwright-core', folder)
    if (playwright === null) throw new NotHere(`it takes a real browser, by Playwright, which is not here — ${INSTALL}`)
    const { chromium } = playwright
    if (named !== null)
      return await chromium.launch({ ...OWN_SIGNALS, executablePath: named }).catch((error: Error) => {
        throw new NotHere(`${named} does not start: ${error.message}`)
      })
    for (const channel of CHANNELS) {
      const started = await chromium.launch({ ...OWN_SIGNALS, ...(channel === undefined ? {} : { channel }) }).catch(() => null)
      if (started !== null) return started
    }
    throw new NotHere(`Playwright finds no Chromium on this machine — npx playwright install chromium, or --chromium FILE`)
  }
}
