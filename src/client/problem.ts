// How a "no" looks: a summary above the step that takes the keyboard and leads to the field, and the same words beside the field.
import { h, say } from './dom.ts'
import type { Failure } from './failure.ts'
import type { Field } from './field.ts'
import type { Words } from './words.ts'

export interface Problem {
  readonly root: HTMLElement
  show(failure: Failure | null, field: Field | null): void
}

const inField: readonly Failure['nextStep'][] = ['correct_address', 'correct_code', 'newest_mail']

export function openProblem(words: Words): Problem {
  const root = h('div', { class: 'summary', part: 'problem', role: 'alert', tabindex: '-1', hidden: '' })
  return {
    root,
    show: (failure, field) => {
      const owner = failure !== null && inField.includes(failure.nextStep) ? field : null
      field?.problem(owner && failure ? words.fieldProblem(failure) : null)
      say(root, ...(failure === null ? [] : [h('h2', { part: 'subheading' }, words.problem), ...summary(words, failure, owner)]))
    },
  }
}

function summary(words: Words, failure: Failure, field: Field | null): Node[] {
  if (field !== null) {
    // Not a link: a fragment does not lead into a shadow root.
    const lead = h('button', { type: 'button', class: 'quiet', part: 'button-quiet' }, words.fieldProblem(failure))
    lead.addEventListener('click', () => field.focus())
    return [h('p', {}, lead)]
  }
  const { requestId } = failure
  const number = requestId === null ? [] : [h('p', { class: 'hint' }, `${words.request} `, h('code', { dir: 'ltr' }, requestId))]
  return [h('p', {}, words.otherProblem(failure)), ...number]
}
