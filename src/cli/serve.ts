import { command } from './command.ts'

export const serve = command({
  name: 'serve',
  about: 'Start the server.',
  usage: 'serve',
  options: {},
  allowPositionals: false,
  async run() {
    // It ends the process by itself, when it is asked to stop.
    await import('../main.ts')
    return 0
  },
})
