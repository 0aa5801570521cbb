// What mails to somebody who is signed in say, where that is not what a sign-in mail says: the same texts with the same gaps, by what they are
// about. Those that tell of something say it in `notice`, before all else.

export const mails = {
  /** To somebody for whom an account was made; nobody asked in a browser. */
  invite: {
    subjectLink: 'You are invited to {app}',
    linkTitle: 'You are invited',
    opens: 'The button opens {host}. There you type this address, and are signed in.',
    asked: 'Somebody who runs {app} made an account for this address at {at}.',
    notYou: 'Not expected?',
    notYouAction: 'Ignore this mail. Nobody can sign in without it.',
  },
  step_up: {
    subjectWithCode: '{code} confirms that it is you at {app}',
    subjectCode: 'Confirm that it is you at {app}',
    subjectLink: 'Confirm that it is you at {app}',
    codeTitle: 'Confirm that it is you',
    linkTitle: 'Confirm that it is you',
    button: 'Confirm at {app}',
    opens: 'The button opens {host}, and works only in the browser that asked.',
    linkIntro: 'Confirm that it is you at {app} with this link, in the browser that asked:',
    asked: 'Somebody who is signed in to your account at {app} was asked for this with {device} at {at}.',
    notYou: 'Not you?',
    notYouAction: 'Then somebody else is in your account: sign in, and end all other sessions on the account page.',
  },
  /** Goes to the new address. */
  change_email: {
    subjectWithCode: '{code} confirms your new address at {app}',
    subjectCode: 'Confirm your new address at {app}',
    subjectLink: 'Confirm your new address at {app}',
    codeTitle: 'Confirm your new address',
    linkTitle: 'Confirm your new address',
    button: 'Change my address at {app}',
    opens: 'The button opens {host}, and works only in the browser that asked.',
    linkIntro: 'Confirm your new address at {app} with this link, in the browser that asked:',
    asked: 'Somebody who is signed in to {app} asked with {device} at {at} to change the address of their account to this one.',
    notYouAction: 'Ignore this mail. Without it nothing is changed.',
  },
  /** Goes to the old address, where that has to agree. */
  leave_email: {
    subjectWithCode: '{code} agrees to another address at {app}',
    subjectCode: 'Agree to another address at {app}',
    subjectLink: 'Agree to another address at {app}',
    codeTitle: 'Agree to another address',
    linkTitle: 'Agree to another address',
    button: 'Agree to the change at {app}',
    opens: 'The button opens {host}, and works only in the browser that asked.',
    linkIntro: 'Agree to another address at {app} with this link, in the browser that asked:',
    asked: 'Somebody who is signed in to your account at {app} asked with {device} at {at} to change its address to another one.',
    notYou: 'Not you?',
    notYouAction: 'Then somebody else is in your account: take the change back with the link of the other mail.',
  },
  /** The notice to the old address. */
  undo_email: {
    subjectLink: 'Your address at {app} is to be changed',
    linkTitle: 'Your address is to be changed',
    notice:
      'If that was you, nothing has to be done. If it was not, take the change back: this address is good again, everybody who is signed in is signed out, and what was mailed to the other address is void.',
    button: 'Take the change back at {app}',
    opens: 'The button opens {host}, in any browser.',
    linkLife: 'It works for {duration}, until {until}, also after the change.',
    linkIntro: 'Take the change back at {app} with this link, in any browser:',
    asked: 'Somebody who is signed in to your account at {app} asked with {device} at {at} to change its address to another one.',
    notYou: 'Not you?',
    notYouAction: 'Then somebody else is in your account: take the change back now.',
  },
  /** Tells of a sign-in. */
  new_device: {
    subjectLink: 'A new device signed in to {app}',
    linkTitle: 'A new device signed in',
    notice: 'If that was you, nothing has to be done. If it was not, say so: then it is signed out.',
    button: 'It was not me: tell {app}',
    opens: 'The button opens {host}. It asks once more before anything is done.',
    linkIntro: 'To tell {app} that it was not you:',
    asked: 'Somebody signed in to your account at {app} with {device} at {at}. The account was not used there before.',
    notYou: 'Not you?',
    notYouAction: 'Then somebody had a mail of yours, or was told its code: look after your mailbox as well.',
  },
  /** Goes to an address that somebody else asked to have, and that is its owner’s. */
  address_taken: {
    subjectLink: 'Somebody asked for your address at {app}',
    linkTitle: 'Somebody asked for your address',
    notice: 'It belongs to your account, so nothing was changed, and nothing will be. Whoever asked was not told that you have an account.',
    asked: 'Somebody who is signed in to another account at {app} asked with {device} at {at} to change its address to this one.',
    notYou: 'Was it you?',
    notYouAction: 'Then sign in with this address: it has an account already.',
  },
  /** Goes to the new address of whoever would get back in by waiting. */
  begin_recovery: {
    subjectWithCode: '{code} begins your way back into {app}',
    subjectCode: 'Begin your way back into {app}',
    subjectLink: 'Begin your way back into {app}',
    codeTitle: 'Begin your way back',
    linkTitle: 'Begin your way back',
    button: 'Begin the wait at {app}',
    opens: 'The button opens {host}, and works only in the browser that asked.',
    linkIntro: 'Begin your way back into {app} with this link, in the browser that asked:',
    asked: 'Somebody asked with {device} at {at} to get back into an account at {app}, with this address as its new one.',
    notYouAction: 'Ignore this mail. Without it nothing begins.',
  },
  /** The notice to the known addresses. */
  cancel_recovery: {
    subjectLink: 'Somebody wants to get into your account at {app} without its mailbox',
    linkTitle: 'Somebody wants to get in without your mailbox',
    notice:
      'If nobody stops it, a link to a new address lets them set it as the address of your account, from {ready} on. Was it you? Then nothing has to be done. If it was not, stop it: with the link below, or by signing in.',
    button: 'Stop it at {app}',
    opens: 'The button opens {host}, in any browser.',
    linkLife: 'It works for {duration}, until {until}.',
    linkIntro: 'Stop it at {app} with this link, in any browser:',
    asked: 'Somebody asked with {device} at {at} to get into your account at {app} without its mailbox.',
    notYou: 'Not you?',
    notYouAction: 'Then stop it now. Whoever asked needed no more for it than your address.',
  },
  /** To the new address, when the wait is over. */
  open_recovery: {
    subjectLink: 'Your way back into {app} is open',
    linkTitle: 'Your way back is open',
    notice: 'The wait is over, and nobody stopped it. With the link below you can set this address as the address of your account.',
    button: 'Go on at {app}',
    opens: 'The button opens {host}, in any browser.',
    linkLife: 'It works for {duration}, until {until}.',
    linkIntro: 'Go on at {app} with this link, in any browser:',
    asked: 'Somebody asked to get back into an account at {app}, with this address as its new one.',
    notYouAction: 'Ignore this mail. Without it nothing is changed.',
  },
} as const
