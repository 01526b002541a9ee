/** Opens the project that the command line is about; says which file that is when it is not plain. */
import type { CommandContext } from './command.js'
import { findProjectFile, type ProjectFile } from './project-file.js'
import type { Session } from './services.js'
import { paragraph } from './view/text-width.js'

export async function openSession(context: CommandContext): Promise<Session> {
  const { options, services, terminal } = context
  const { file, shown } = locate(context)
  const session = await services.open({
    file,
    shown,
    environment: options.env,
    warn: (text) => warn(context, text),
  })
  terminal.maskWith(session)
  return session
}

export function locate({ options, services, terminal }: CommandContext): ProjectFile {
  const found = findProjectFile(options.file, services.workingDirectory)
  if (found.above) terminal.err(terminal.errorStyle.paint.faint(`using ${found.shown}`))
  return found
}

export function warn({ terminal }: Pick<CommandContext, 'terminal'>, text: string): void {
  terminal.record('warning', { message: text })
  terminal.err(
    terminal.errorStyle.paint.careful(paragraph(`warning: ${text}`, terminal.errorStyle.width, 0, 2)),
  )
}

/** ` --env staging`: what a proposed command needs to mean the same project and environment. */
export function flagsOf({ options }: Pick<CommandContext, 'options'>): string {
  const flag = (name: string, value: string | null): string => (value === null ? '' : ` ${name} ${value}`)
  return flag('--env', options.env) + flag('--file', options.file)
}
