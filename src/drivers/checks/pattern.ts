/** Regular expressions as options: refused with the option's name when they are none. */
import { DeployError } from '../../base/deploy-error.js'
import { excerpt } from './answer.js'

export function patternOf(option: string, text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags)
  } catch (cause) {
    throw new DeployError('CONFIG_INVALID', `"${text}" for ${option} is not a regular expression.`, {
      details: [excerpt(String(cause))],
      cause,
    })
  }
}
