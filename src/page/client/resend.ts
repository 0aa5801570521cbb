// The wait before the next mail, counted down on the button. The server decides it; here it is only shown.
import { announce, one } from './find.ts'

export function countDown(): void {
  const form = one<HTMLFormElement>('[data-resend]')
  const button = form === null ? null : one<HTMLButtonElement>('button', form)
  if (form === null || button === null) return
  const label = button.textContent ?? ''
  const { resend, wait = '', ready = '' } = form.dataset
  // Time left by the page's own steady clock: the machine's may be wrong, or be set while we wait.
  const end = performance.now() + Number(resend)
  const left = (): number => Math.ceil((end - performance.now()) / 1_000)
  if (left() <= 0) return

  // Not `disabled`: that would drop the keyboard focus, and hide from screen readers why nothing happens.
  form.addEventListener('submit', (event) => {
    if (left() > 0) event.preventDefault()
  })
  const show = (): void => {
    const seconds = left()
    button.setAttribute('aria-disabled', String(seconds > 0))
    button.textContent = seconds > 0 ? wait.replace('{time}', clock(seconds)) : label
    if (seconds > 0) return
    clearInterval(timer)
    announce(ready)
  }
  const timer = setInterval(show, 500)
  show()
}

function clock(seconds: number): string {
  const two = (count: number): string => String(count).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}
