import { command } from './command.ts'

export const serve = command({
  name: 'serve',
  about: 'Start the server.',
  usage: 'serve',
  options: {},
  allowPositionals: false,
  async run() {
    // It ends the process itself.
    await import('../main.ts')
    return 0
  },
})
