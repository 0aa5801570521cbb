// The code field sends itself when a whole code is in, once per code: after a "no" the same value waits for the person.
import { readCode } from '../../core/code.ts'
import { one } from './find.ts'

export function watchCode(): void {
  const field = one<HTMLInputElement>('[data-code]')
  if (field === null) return
  const read = (): string | null => readCode(field.value, Number(field.dataset.code))
  const hint = one('#code-hint')
  if (hint !== null) hint.hidden = false
  let sent = read()
  // AutoFill on iOS gives all digits in one event, typing gives one each, a paste may carry a whole sentence: all end here.
  field.addEventListener('input', () => {
    const code = read()
    if (code === null || code === sent) return
    sent = code
    field.form?.requestSubmit()
  })
  // The value that was refused is kept to look at; the first key replaces it.
  if (field.getAttribute('aria-invalid') === 'true') field.addEventListener('focus', () => field.select(), { once: true })
}
