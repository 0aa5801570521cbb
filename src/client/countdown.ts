// The wait before the next mail, counted down on its button. The server decides it; here it is only shown.
import type { Words } from './words.ts'

export interface Countdown {
  isOver(): boolean
  /** `at`: by this machine's clock. */
  until(at: number): void
  stop(): void
}

export function countDown(button: HTMLElement, words: Words, onOver: () => void): Countdown {
  let end = 0
  let timer: ReturnType<typeof setInterval> | undefined
  const left = (): number => Math.ceil((end - Date.now()) / 1_000)
  const show = (): void => {
    const seconds = left()
    // Not `disabled`: that would drop the keyboard focus, and hide from screen readers why nothing happens.
    button.setAttribute('aria-disabled', String(seconds > 0))
    button.textContent = seconds > 0 ? words.resendWait.replace('{time}', clock(seconds)) : words.resend
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    isOver: () => left() <= 0,
    until: (at) => {
      end = at
      show()
      if (timer !== undefined || left() <= 0) return
      timer = setInterval(() => {
        show()
        if (left() > 0) return
        stop()
        onOver()
      }, 500)
    },
    stop,
  }
}

function clock(seconds: number): string {
  const two = (count: number): string => String(count).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}
