// An application as adopters have it: a folder of its own, with the package as `npm pack` makes it. What else it needs is lent from here.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

export interface Adopter extends AsyncDisposable {
  readonly folder: string
  /** Runs a script of one of its packages. Never rejects. */
  node(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly text: string }>
}

/** @param lent folders of packages, of which the first that has one lends it. */
export async function startAdopter(files: Readonly<Record<string, string>>, lent = ['node_modules']): Promise<Adopter> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-adopter-'))
  const modules = join(folder, 'node_modules')
  for (const one of lent) lend(join(root, one), modules)
  mkdirSync(join(modules, 'postkey'))
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root })
  await run('tar', ['-xzf', stdout.trim(), '-C', join(modules, 'postkey'), '--strip-components=1'], { cwd: folder })
  for (const [name, text] of Object.entries({ 'package.json': '{ "name": "adopter", "private": true, "type": "module" }', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return {
    folder,
    node: async ([script = '', ...words], env = {}) => {
      const { VITEST: _, NODE_ENV: __, FORCE_COLOR: ___, ...outside } = process.env
      try {
        const { stdout: out, stderr } = await run(process.execPath, [join(folder, script), ...words], {
          cwd: folder,
          env: { ...outside, NO_COLOR: '1', ...env },
        })
        return { code: 0, text: out + stderr }
      } catch (error) {
        const { code, stdout: out, stderr } = error as { code: number; stdout: string; stderr: string }
        return { code, text: out + stderr }
      }
    },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Each package by a link, scoped ones too; what is ours or hidden is left out. */
function lend(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (name.startsWith('.') || name === 'postkey') continue
    if (name.startsWith('@')) lend(join(from, name), join(to, name))
    else if (!existsSync(join(to, name))) symlinkSync(join(from, name), join(to, name))
  }
}
