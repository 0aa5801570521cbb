// The package as an application has it: packed, and installed from the registry into an empty folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installedBytes, packageCount } from '../package-size.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Readonly<Record<string, unknown>> }
const folder = mkdtempSync(join(tmpdir(), 'postkey-package-'))
const npm = (...args: readonly string[]): string => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
let tarball = ''

beforeAll(() => {
  tarball = join(folder, npm('pack', root, '--silent', '--ignore-scripts').trim())
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Of CommonJS there is none: Node 20.19 and later require() what is ESM.
test('every entry has types that are right under both module resolutions', () => {
  const attw = fileURLToPath(new URL('../../node_modules/.bin/attw', import.meta.url))
  const { status, stdout, stderr } = spawnSync(attw, [tarball, '--profile', 'esm-only', '--format', 'json'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1_024 * 1_024,
  })
  expect(status, stdout + stderr).toBe(0)
  const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: Readonly<Record<string, unknown>> } }
  expect(Object.keys(analysis.entrypoints).sort()).toEqual(Object.keys(exports).sort())
})

test('an installation is as large as the README says, to a twentieth', () => {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  npm('install', tarball, '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund')
  const modules = join(folder, 'node_modules')
  // What npm adds beside the packages: its list of them, and their commands.
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' }).filter((file) => !file.startsWith('.'))
  const bytes = files.map((file) => statSync(join(modules, file))).reduce((sum, it) => sum + (it.isFile() ? it.size : 0), 0)
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as { packages: object }
  expect(Math.abs(bytes / installedBytes() - 1), `${(bytes / 1e6).toFixed(1)} MB`).toBeLessThan(0.05)
  const count = Object.keys(packages).length - 1
  expect(Math.abs(count / packageCount().all - 1), `${count} packages`).toBeLessThan(0.05)
}, 300_000)
