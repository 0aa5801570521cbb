// Who may import whom, executed. The table is the map of the house: a folder that breaks it stops being testable or readable alone.
// TypeScript 7 has no JavaScript API, so imports are found by pattern; the planted violations at the end show that the check bites.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Layer {
  /** Files under src/, as a pattern. The first layer that fits a file is its layer. */
  readonly files: RegExp
  /** What they may import: packages as written, our own files as paths under src/. */
  readonly may: readonly RegExp[]
  /** What they may import by `import type` only: it is not in what is built. */
  readonly types?: readonly RegExp[]
}

const layers: Record<string, Layer> = {
  'core tests': { files: /^core\/.*\.test\.ts$/, may: [/^core\//, /^(vitest|fast-check|node:url)$/] },
  'other tests': { files: /\.test\.tsx?$/, may: [/./] },
  core: { files: /^core\//, may: [/^core\//, /^zod$/] },
  words: { files: /^words\//, may: [/^words\//, /^core\//, /^intl-messageformat$/] },
  'client script': { files: /^page\/client\//, may: [/^page\/client\//, /^core\//] },
  // Runs in other people's pages, and in a few kilobytes: of the server it knows types, and the readers of what people type.
  'client hook': { files: /^client\/react\.ts$/, may: [/^client\//, /^react$/] },
  client: {
    files: /^client\//,
    may: [/^client\/(?!react\.ts$)/, /^core\/(code|typed-address)\.ts$/],
    types: [/^core\/(reason|paths)\.ts$/],
  },
  // Tries a deployment from outside: of the server it knows nothing.
  preflight: {
    files: /^preflight\//,
    may: [/^preflight\//, /^run\/dns\.ts$/, /^node:(net|tls|dns)$/, /^postal-mime$/],
    // Whoever has them hands them in.
    types: [/^(imapflow|smtp-server|playwright-core)$/],
  },
  // What adopters' tests stand on, and ours: a Postkey by its front door, and what preflight does from outside. No runner is imported.
  testing: {
    files: /^testing\//,
    may: [/^testing\//, /^preflight\//, /^core\/policy\.ts$/, /^index\.ts$/, /^node:(crypto|http|net)$/],
    types: [/^mail\/(message|transport)\.ts$/],
  },
  // To libraries that stay: of Postkey what an application sees of it, and the seal. Nothing of theirs is imported.
  bridge: { files: /^bridge\//, may: [/^bridge\//, /^secret\.ts$/, /^http\/cookies\.ts$/, /^node:crypto$/], types: [/^index\.ts$/] },
  // Charts are of the console: their library is loaded with the first page that shows one.
  charts: { files: /^page\/console\/chart\.tsx$/, may: [/^core\//, /^hono\/jsx/, /^d3-(scale|shape)$/] },
  page: { files: /^page\//, may: [/^page\/(?!client\/)/, /^core\//, /^words\//, /^hono\/(jsx|html)/] },
  // Forms of other people's services, and of the mail system.
  reports: {
    files: /^mail\/report\//,
    may: [/^mail\/report\//, /^core\//, /^webhook\/(verify|signature)\.ts$/, /^(zod|postal-mime)$/, /^node:crypto$/],
  },
  mail: {
    files: /^mail\//,
    may: [/^mail\//, /^core\//, /^words\//, /^hono\/jsx/, /^nodemailer/, /^node:(crypto|fs|path|net|stream|tls|dns)(\/promises)?$/],
  },
  secret: { files: /^secret\.ts$/, may: [/^node:crypto$/] },
  versions: { files: /^versions\.ts$/, may: [/^node:crypto$/, /^core\//, /^page\/assets\.generated\.ts$/] },
  // Which SQLite driver exists depends on the version of Node, so the engine chooses at run time.
  'store engines': {
    files: /^store\/(sqlite|backup|postgres|in-step|plan-age|wall|way)\.ts$/,
    may: [/^store\//, /^core\//, /^node:(sqlite|module|fs|path)$/, /^@photostructure\/sqlite$/, /^pg$/, /^\(computed: /],
  },
  // Certificates are files, and what is done with them is said in the words of node:tls.
  'store address': { files: /^store\/postgres-url\.ts$/, may: [/^store\//, /^core\//, /^node:(fs|tls)$/] },
  'store files': { files: /^store\/(open|migrate|migrations\/.*)\.ts$/, may: [/^store\//, /^core\//, /^node:(fs|path|url)$/] },
  store: { files: /^store\//, may: [/^store\//, /^core\//] },
  flow: {
    files: /^flow\//,
    may: [
      /^flow\//,
      /^core\//,
      /^secret\.ts$/,
      /^versions\.ts$/,
      /^store\/(store|webhook-store|recovery-store|wait-store|record-store|account-store)\.ts$/,
      /^webhook\/(post|signature)\.ts$/,
      /^mail\/(message\.ts|transport\.ts|sign-in\.tsx?|alarm\.ts|report\/report\.ts)$/,
    ],
  },
  webhook: {
    files: /^webhook\//,
    may: [/^webhook\//, /^core\//, /^mail\/transport\.ts$/, /^ipaddr\.js$/, /^node:(crypto|dns|http|https|net)(\/promises)?$/],
  },
  http: {
    files: /^http\//,
    may: [/^http\//, /^core\//, /^flow\//, /^page\/(?!client\/)/, /^words\//, /^(ipaddr\.js|bowser|zod)$/, /^node:http$/],
  },
  // The one room that knows OpenTelemetry, which may not be there.
  tracing: { files: /^run\/tracing\.ts$/, may: [/^(core|flow|http|mail|store)\//, /^versions\.ts$/, /^@opentelemetry\/api$/] },
  'run and doors': { files: /^(run\/.*|index|server|cli)\.tsx?$/, may: [/^(?!@opentelemetry\/|testing\/|bridge\/)/] },
}

// What core must not know, whatever it imports: the same facts have to give the same decision tomorrow, and on another machine.
const impure =
  /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|Promise|async|await|process|crypto|performance|globalThis|fetch)\b|new Date\(\s*\)/g

function layerOf(file: string): string | undefined {
  return Object.keys(layers).find((name) => layers[name]?.files.test(file))
}

/** Every rule that this text breaks if it stands in `file` (a path under src/). */
function violations(file: string, text: string): string[] {
  const name = layerOf(file)
  if (name === undefined) return [`${file}: belongs to no folder of the import table`]
  const code = withoutComments(text)
  const found: string[] = []
  const { may, types = [] } = layers[name] as Layer
  const refuse = (specifiers: readonly string[], allowed: readonly RegExp[]): void => {
    for (const specifier of specifiers) {
      const target = specifier.startsWith('.') ? posix.join(dirname(file), specifier) : specifier
      if (!allowed.some((pattern) => pattern.test(target))) found.push(`${file}: ${name} may not import ${target}`)
    }
  }
  if (types.length === 0) refuse(importsOf(code), may)
  else {
    refuse(importsOf(code.replace(TYPE_IMPORT, '')), may)
    refuse(
      [...code.matchAll(TYPE_IMPORT)].map((match) => match[2] ?? ''),
      [...may, ...types],
    )
  }
  // Right only until it has been called a few thousand times: core/url.ts.
  if (/\bURL\.canParse\b/.test(withoutStrings(code))) found.push(`${file}: URL.canParse errs`)
  if (name === 'core') {
    for (const [word] of withoutStrings(code).matchAll(impure)) found.push(`${file}: core may not mention ${word}`)
  }
  return found
}

/** As a whole; `import { type X }` is not one, since it leaves an import behind. */
const TYPE_IMPORT = /\b(?:import|export)\s+type\s+[\w$*{][\w$\s*{},]*?\s*\bfrom\s*(['"`])(.*?)\1/g

/** Static imports, re-exports, bare and dynamic imports, import types and require; an import that is not a literal is reported as such. */
function importsOf(code: string): string[] {
  const patterns = [
    /\b(?:import|export)\s+(?:type\s+)?(?:[\w$*{][\w$\s*{},]*?)\s*\bfrom\s*(['"`])(.*?)\1/g,
    /\bimport\s*(['"])(.*?)\1/g,
    /\b(?:import|require)\s*\(\s*(['"`])(.*?)\1/g,
  ]
  const literal = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2] ?? ''))
  const computed = [...code.matchAll(/\b(?:import|require)\s*\(\s*(?!['"`\s])([^)]*)/g)].map((match) => `(computed: ${match[1]})`)
  return [...literal, ...computed]
}

// Strings are matched first, so that "https://" does not start a comment and a quote inside a comment does not start a string. A
// regular expression literal with a quote inside can confuse this: it is recognised where an expression can start.
const TOKEN =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|(?<=[=(,:[!&|?{};\n]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('//') || token.startsWith('/*') ? ' ' : token))
}

function withoutStrings(text: string): string {
  // What stands in ${…} of a template is code.
  return text.replace(TOKEN, (token) =>
    token.startsWith('`') ? [...token.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join(' ') : '""',
  )
}

function sources(): string[] {
  const folder = join(root, 'src')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => relative('.', file).replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file))
}

describe('the import table', () => {
  const files = sources()

  test('every source file keeps to its folder’s row', () => {
    expect(files.length).toBeGreaterThan(5)
    expect(files.flatMap((file) => violations(file, readFileSync(join(root, 'src', file), 'utf8')))).toEqual([])
  })
})

describe('the check itself', () => {
  const planted: readonly [string, string, string][] = [
    ['core/verify.ts', `import { now } from '../run/clock.ts'`, 'core may not import run/clock.ts'],
    ['core/verify.ts', `import { randomUUID } from 'node:crypto'`, 'core may not import node:crypto'],
    ['core/verify.ts', `import type { Context } from "hono"`, 'core may not import hono'],
    ['core/verify.ts', `export * from '../store/store.ts'`, 'core may not import store/store.ts'],
    ['core/verify.ts', `export { a,\n  b } from '../store/store.ts'`, 'core may not import store/store.ts'],
    ['core/verify.ts', `import '../secret.ts'`, 'core may not import secret.ts'],
    ['core/verify.ts', `const x = import(\n  '../secret.ts')`, 'core may not import secret.ts'],
    ['core/verify.ts', `type X = import('../flow/sign-in.ts').X`, 'core may not import flow/sign-in.ts'],
    ['core/verify.ts', 'const x = import(name)', 'core may not import (computed: name)'],
    ['core/verify.ts', 'const now = Date.now()', 'core may not mention Date.now'],
    ['core/verify.ts', 'const now = new Date()', 'core may not mention new Date()'],
    ['core/verify.ts', 'const x = Math.random()', 'core may not mention Math.random'],
    ['core/verify.ts', 'export async function f() {}', 'core may not mention async'],
    ['core/verify.ts', 'const f = (): Promise<void> => x', 'core may not mention Promise'],
    ['core/verify.ts', `const x = process.env['A']`, 'core may not mention process'],
    ['core/verify.ts', 'const x = crypto.subtle', 'core may not mention crypto'],
    ['core/verify.ts', 'const text = `at $' + '{performance.now()}`', 'core may not mention performance'],
    ['core/verify.ts', `// it's\nconst now = Date.now() // don't`, 'core may not mention Date.now'],
    ['core/verify.test.ts', `import { createKit } from '../../test/kit.ts'`, 'core tests may not import ../test/kit.ts'],
    ['words/en.ts', `import { x } from '../page/view.ts'`, 'words may not import page/view.ts'],
    ['page/sign-in.tsx', `import { Hono } from 'hono'`, 'page may not import hono'],
    ['page/sign-in.tsx', `import { Store } from '../store/store.ts'`, 'page may not import store/store.ts'],
    ['page/client/main.ts', `import { Frame } from '../view.ts'`, 'client script may not import page/view.ts'],
    ['client/client.ts', `import { reasons } from '../core/reason.ts'`, 'client may not import core/reason.ts'],
    ['client/client.ts', `import { paths, type X } from '../core/paths.ts'`, 'client may not import core/paths.ts'],
    ['client/client.ts', `import type { Policy } from '../core/policy.ts'`, 'client may not import core/policy.ts'],
    ['client/flow.ts', `import { land } from '../page/client/landing.ts'`, 'client may not import page/client/landing.ts'],
    ['client/element.ts', `import { useMemo } from 'react'`, 'client may not import react'],
    ['client/element.ts', `import { usePostkey } from './react.ts'`, 'client may not import client/react.ts'],
    ['client/react.ts', `import type { Policy } from '../core/policy.ts'`, 'client hook may not import core/policy.ts'],
    ['mail/sign-in.tsx', `import { Store } from '../store/store.ts'`, 'mail may not import store/store.ts'],
    ['secret.ts', `import { x } from './core/model.ts'`, 'secret may not import core/model.ts'],
    ['store/verify.ts', `import { x } from '../secret.ts'`, 'store may not import secret.ts'],
    ['store/verify.ts', `import { DatabaseSync } from 'node:sqlite'`, 'store may not import node:sqlite'],
    ['store/verify.ts', `const d = await import('@photostructure/sqlite')`, 'store may not import @photostructure/sqlite'],
    ['store/verify.ts', `import pg from 'pg'`, 'store may not import pg'],
    ['store/verify.ts', `import { readFileSync } from 'node:fs'`, 'store may not import node:fs'],
    ['flow/sign-in.ts', `import { openStore } from '../store/open.ts'`, 'flow may not import store/open.ts'],
    ['flow/outbox.ts', `import { smtpTransport } from '../mail/smtp.ts'`, 'flow may not import mail/smtp.ts'],
    ['flow/sign-in.ts', `import type { Context } from 'hono'`, 'flow may not import hono'],
    ['http/sign-in.ts', `import { Store } from '../store/store.ts'`, 'http may not import store/store.ts'],
    ['http/sign-in.ts', `import { smtpTransport } from '../mail/smtp.ts'`, 'http may not import mail/smtp.ts'],
    ['http/node.ts', 'const fine = URL.canParse(text)', 'URL.canParse errs'],
    ['run/log.ts', `import { trace } from '@opentelemetry/api'`, 'run and doors may not import @opentelemetry/api'],
    ['bridge/auth-js.ts', `import { customFetch } from '@auth/core'`, 'bridge may not import @auth/core'],
    ['testing/vitest.ts', `import { test } from 'vitest'`, 'testing may not import vitest'],
    ['testing/kit.ts', `import { openStore } from '../store/open.ts'`, 'testing may not import store/open.ts'],
    ['index.ts', `import { x } from './testing/kit.ts'`, 'run and doors may not import testing/kit.ts'],
    ['index.ts', `type X = typeof import('@opentelemetry/api')`, 'run and doors may not import @opentelemetry/api'],
    ['flow/outbox.ts', `import { openTracing } from '../run/tracing.ts'`, 'flow may not import run/tracing.ts'],
    ['utils/misc.ts', '', 'belongs to no folder of the import table'],
  ]

  test.each(planted)('in %s it refuses %j', (file, text, expected) => {
    expect(violations(file, text)).toEqual([`${file}: ${expected}`])
  })

  const harmless: readonly [string, string][] = [
    ['core/verify.ts', `// import x from 'hono', and no Date.now() either\n/* process */ import { z } from 'zod'`],
    ['core/verify.ts', `const text = 'a Promise is not a process' // async`],
    ['core/verify.ts', 'const at = new Date(facts.now).toISOString()'],
    ['core/verify.ts', `const url = 'https://example.com' // import('x')`],
    ['core/verify.ts', `const quote = /["']/.test(x)\nconst y = 'Promise'`],
    ['store/sqlite.ts', `const { DatabaseSync } = await import('node:sqlite')`],
    ['flow/sign-in.ts', `import type { Store } from '../store/store.ts'`],
    ['client/client.ts', `import type { paths } from '../core/paths.ts'\nimport { readCode } from '../core/code.ts'`],
    ['run/doctor.ts', `const x = await import(name)`],
    ['http/sign-in.test.ts', `import { createKit } from '../../test/kit.ts'`],
  ]

  test.each(harmless)('in %s it accepts %j', (file, text) => {
    expect(violations(file, text)).toEqual([])
  })
})
