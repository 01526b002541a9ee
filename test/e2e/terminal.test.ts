/** What a person sees on a terminal of 80 columns: colour, a question, a live list, and a screen that is left tidy. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { cliPath } from '../support/built-cli.js'
import { testWith } from '../support/needs.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'

/** A terminal of its own, 80 by 40, in a server of its own. */
class Terminal {
  readonly socket = `deployctl-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  #isClosed = false

  constructor(folder: string) {
    this.tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '80',
      '-y',
      '40',
      '-c',
      folder,
      'env',
      'PS1=$ ',
      'TERM=screen-256color',
      'sh',
    )
  }

  tmux(...words: string[]): string {
    return execFileSync('tmux', ['-L', this.socket, ...words], {
      encoding: 'utf8',
      env: { ...process.env, TMUX: '', CI: undefined },
    })
  }

  type(line: string): void {
    this.tmux('send-keys', '-l', line)
    this.tmux('send-keys', 'Enter')
  }

  /** The screen with what has scrolled away, with colours when asked. */
  screen(withColour = false): string {
    return this.tmux('capture-pane', '-p', '-S', '-', ...(withColour ? ['-e'] : [])).trimEnd()
  }

  async until(text: string | RegExp): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const screen = this.screen()
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen
      await sleep(50)
    }
    throw new Error(`never saw ${String(text)} on:\n${this.screen()}`)
  }

  /** The window is shut; a second time, nothing is there to shut. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.tmux('kill-server')
  }
}

async function onTerminal(use: (terminal: Terminal, project: TinyProject) => Promise<void>): Promise<void> {
  const project = await tinyProject()
  const terminal = new Terminal(project.folder)
  try {
    terminal.type(`unset CI NO_COLOR FORCE_COLOR; alias deployctl="${process.execPath} ${cliPath}"; clear`)
    await use(terminal, project)
  } finally {
    terminal.close()
    await project.remove()
  }
}

testWith('tmux')('apply shows the plan in colour, asks, and only yes confirms', async () => {
  await onTerminal(async (terminal) => {
    terminal.type('deployctl apply; echo "exit $?"')
    const asked = await terminal.until(/yes/)
    expect(asked).toContain('+ web')
    expect(terminal.screen(true)).toContain('\u001b[')
    terminal.type('y')
    await terminal.until('exit 7')

    terminal.type('clear; deployctl apply; echo "exit $?"')
    await terminal.until(/yes[^\n]*$/)
    terminal.type('yes')
    const done = await terminal.until('exit 0')
    expect(done).toContain('Applied in')
    for (const line of done.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})

testWith('tmux')('Ctrl-C undoes what was begun and leaves a usable screen', async () => {
  await onTerminal(async (terminal, project) => {
    terminal.type('deployctl apply --auto-approve; echo "exit $?"')
    await terminal.until('exit 0')
    await project.release('1.1.0', { 'restart.sh': 'sleep 60\n' })
    terminal.type('clear; deployctl apply --auto-approve; echo "exit $?"')
    await terminal.until(/switch web/)
    await sleep(500) // the list is drawn before the step has begun
    terminal.tmux('send-keys', 'C-c')
    const screen = await terminal.until('exit 130')
    expect(screen).toContain('web v1.0.0 serves as before')
    expect(terminal.tmux('display-message', '-p', '#{cursor_flag}').trim()).toBe('1')
  })
})

testWith('tmux')('a terminal that is closed at the question declines it, and leaves no lock', async () => {
  await onTerminal(async (terminal, project) => {
    terminal.type('deployctl apply 2> errors.txt')
    await terminal.until(/Only "yes" is a yes/)
    const locks = join(project.folder, '.deployctl', 'locks', 'local')
    expect(readdirSync(locks)).toHaveLength(1)
    terminal.close()
    for (let tries = 0; tries < 200 && existsSync(locks) && readdirSync(locks).length > 0; tries++)
      await sleep(50)
    expect(existsSync(locks) ? readdirSync(locks) : []).toEqual([])
    await sleep(200) // what is said at the very end is said after that
    const said = readFileSync(join(project.folder, 'errors.txt'), 'utf8')
    expect(said).not.toMatch(/bug in deployctl|Assertion/)
  })
})
