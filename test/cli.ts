// The command line as a program sees it: what it prints, on which stream, and with which exit code.
import { main } from '../src/run/command.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What `--json` printed. */
  json<T>(): T
}

export interface CommandLine {
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
}

export async function postkey(words: readonly string[], { folder = '.', env = {} }: CommandLine = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(words, {
    env,
    folder,
    interactive: false,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { code, out: out.join('\n'), err: err.join('\n'), json: () => JSON.parse(out.join('\n')) as never }
}
