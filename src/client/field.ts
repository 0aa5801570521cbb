// One text field with its label, hint and problem, tied together for those who hear them. The attributes decide whether AutoFill, password
// managers and paste work: change with care.
import { h, say } from './dom.ts'

export interface Field {
  readonly root: HTMLElement
  readonly input: HTMLInputElement
  /** What is wrong with what stands in it; null: nothing. */
  problem(text: string | null): void
  /** To the field, with what stands there marked: the first key replaces it. */
  focus(): void
}

export function field(name: string, label: string, hint: string | null, attributes: Readonly<Record<string, string>>): Field {
  const input = h('input', {
    id: name,
    name,
    part: 'input',
    autocapitalize: 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    dir: 'ltr',
    required: '',
    ...attributes,
  })
  const wrong = h('p', { id: `${name}-problem`, class: 'wrong', part: 'field-problem', hidden: '' })
  const root = h('div', { class: 'field', part: 'field' }, h('label', { for: name, part: 'label' }, label), wrong, input)
  if (hint !== null) root.append(h('p', { id: `${name}-hint`, class: 'hint', part: 'hint' }, hint))
  const describe = (isWrong: boolean): void => {
    const ids = [...(hint === null ? [] : [`${name}-hint`]), ...(isWrong ? [`${name}-problem`] : [])]
    // Empty, the attribute would be an error of its own.
    if (ids.length > 0) input.setAttribute('aria-describedby', ids.join(' '))
    else input.removeAttribute('aria-describedby')
    input.setAttribute('aria-invalid', String(isWrong))
  }
  describe(false)
  return {
    root,
    input,
    problem: (text) => {
      say(wrong, ...(text === null ? [] : [text]))
      describe(text !== null)
    },
    focus: () => {
      input.focus()
      input.select()
    },
  }
}
