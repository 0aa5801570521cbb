// How far a long command is, for a person who watches; nothing for programs.
import type { Request } from './command.ts'

export interface Progress {
  say(done: number, text: string): void
  /** The bar ends here, whatever was reached; once is enough. */
  stop(): void
}

/** `title` while it lasts, `end` when it is over. */
export async function startProgress(
  { terminal, json }: Pick<Request, 'terminal' | 'json'>,
  { title, end, of }: { readonly title: string; readonly end: string; readonly of: number },
): Promise<Progress> {
  if (!terminal.interactive || json || of === 0) return { say: () => undefined, stop: () => undefined }
  const { progress } = await import('@clack/prompts')
  const bar = progress({ max: of, output: process.stderr })
  bar.start(title)
  let shown = 0
  let running = true
  return {
    say: (done, text) => {
      bar.advance(done - shown, text)
      shown = done
    },
    stop: () => {
      if (running) bar.stop(end)
      running = false
    },
  }
}
