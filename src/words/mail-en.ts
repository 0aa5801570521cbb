// What mails say, in English. Whole sentences, so that another language can order its words as it likes; no HTML and no
// decisions. Short sentences, no blame, no exclamation marks; nothing a stranger typed is ever among the values.

export const mail = {
  subjectWithCode: '{code} is your {app} sign-in code',
  subjectCode: 'Your {app} sign-in code',
  subjectLink: 'Sign in to {app}',
  codeTitle: 'Your sign-in code',
  linkTitle: 'Your sign-in link',
  codeWhere: 'Type it on the page where you asked for it.',
  codeLife: 'It works for {duration}, until {until}.',
  codeOff: 'This mail has only the link. Too many wrong codes were typed lately.',
  or: 'or',
  button: 'Sign in to {app}',
  opens: 'The button opens {host}.',
  linkLife: 'It works once, for {duration}, until {until}.',
  linkIntro: 'Sign in to {app} with this link:',
  asked: 'Someone asked to sign in to {app} with {device} at {at}.',
  notYou: 'Didn’t ask for this?',
  notYouAction: 'Ignore this mail. Nobody can sign in without it.',
  /** Behind it: where to say so. */
  notMe: 'This was not me',
  notMeIntro: 'To say that it was not you:',
  neverRead: 'Never read this code to anyone, not even to us.',
  neverForward: 'Never pass this mail on, not even to us.',
  sentBy: 'Sent by {app} ({host}).',
  sentTo: 'Sent to {address}.',
  help: 'Questions? {contact}',
} as const
