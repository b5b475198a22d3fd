import { readConfig } from '../config/config.ts'
import { realLocation } from '../files/real-location.ts'
import { importFiles } from '../import/import-files.ts'
import { lockDownloadFolder } from '../storage/download-lock.ts'
import { command } from './command.ts'
import { describeImport, isComplete } from './describe-import.ts'
import { importRequest } from './import-request.ts'
import { JSON_OPTION, print } from './print.ts'
import { showProgress } from './progress.ts'
import { untilInterrupted } from './until-interrupted.ts'

export const importCommand = command({
  name: 'import',
  about: 'Import films that you have, without copying them where the disk can link.',
  usage: 'import <path…> [--torrent <file> | --infohash <hash> | --create]',
  options: {
    torrent: {
      type: 'string',
      value: '<file>',
      about: 'the paths hold files of this torrent; every piece is checked',
    },
    infohash: {
      type: 'string',
      value: '<hash>',
      about: 'the paths belong to the torrent with this info hash; nothing is checked',
    },
    create: {
      type: 'boolean',
      about: 'make a torrent of each path, and print its info hash and magnet link',
    },
    name: { type: 'string', value: '<name>', about: 'with --create: name of the torrent' },
    tracker: {
      type: 'string',
      multiple: true,
      value: '<url>',
      about: 'with --create: a tracker for the magnet link; may be repeated',
    },
    'dry-run': { type: 'boolean', about: 'show what would be done, and change nothing' },
    json: JSON_OPTION,
  },
  allowPositionals: true,
  details: [
    'A path is a file or a folder. Without any of the three, its name must contain the info hash.',
    'Imported files go into the download folder (TORRENT_DOWNLOAD_PATH) and are never cleaned up. A server may be running.',
    'Hidden files and junk of operating systems (Thumbs.db, desktop.ini and such) are skipped by --create.',
  ].join('\n'),
  async run({ values, positionals }) {
    const { json: isJson = false, 'dry-run': isDryRun = false } = values
    const request = await importRequest(positionals, values)
    const { torrents, cleanup } = readConfig(process.env)
    const root = await realLocation(torrents.root)
    const { extraPaths } = torrents
    const { minFreeBytes } = cleanup
    const progress = showProgress(isJson)
    const lock = () => lockDownloadFolder(root)
    const context = { root, extraPaths, minFreeBytes, isDryRun, lock, ...progress }
    const report = await importFiles(request, context, untilInterrupted()).finally(progress.end)
    print(isJson, report, describeImport(report, isDryRun))
    return isComplete(report, request) ? 0 : 1
  },
})
