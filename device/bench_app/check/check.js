/*
 * Checks the app's ArkTS as DevEco's compiler does, with its own TypeScript and ArkTS linter:
 *
 *   node check.js [folder of node_modules] [more .ets files]
 *
 * The system's API is that of declarations/: what is not declared there is not there. One line a
 * problem, exit code 1 if there are any.
 */
'use strict';

const fs = require('fs');
const path = require('path');

const HERE = __dirname;
const APP = path.dirname(HERE);
const MODULES = path.resolve(process.argv[2] || path.join(HERE, 'node_modules'));
const ts = require(path.join(MODULES, 'ohos-typescript'));

/** What ArkUI's syntax is made of, as far as this app uses it. */
const ETS = {
  render: { method: ['build', 'pageTransition'], decorator: ['Builder'] },
  components: ['Column', 'Text'],
  libs: [],
  extend: { decorator: ['Extend'], components: [] },
  styles: {
    decorator: 'Styles',
    component: { name: 'Common', type: 'T', instance: 'CommonInstance' },
    property: 'stateStyles',
  },
  concurrent: { decorator: 'Concurrent' },
  customComponent: 'CustomComponent',
  propertyDecorators: [{ name: 'StorageLink', needInitialization: true }],
  emitDecorators: [],
  syntaxComponents: { paramsUICallback: [], attrUICallback: [] },
};

const OPTIONS = {
  target: ts.ScriptTarget.ES2021,
  module: ts.ModuleKind.ES2020,
  moduleResolution: ts.ModuleResolutionKind.NodeJs,
  lib: ['lib.es2021.d.ts'],
  types: [],
  noEmit: true,
  strict: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  allowSyntheticDefaultImports: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  ets: ETS,
  etsLoaderPath: HERE,
  needDoArkTsLinter: true,
  isCompatibleVersion: false,
  baseUrl: APP,
  paths: { 'libbench.so': ['entry/src/main/cpp/types/libbench/Index.d.ts'] },
};

function under(folder, ending) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
    .sort();
}

function told(problem) {
  const text = ts.flattenDiagnosticMessageText(problem.messageText, ' ');
  if (!problem.file) {
    return text;
  }
  const at = problem.file.getLineAndCharacterOfPosition(problem.start);
  return `${path.relative(APP, problem.file.fileName)}:${at.line + 1}:${at.character + 1}: ${text}`;
}

const own = [...under(path.join(APP, 'entry', 'src', 'main', 'ets'), '.ets'), ...process.argv.slice(3)];
const roots = [...own, ...under(path.join(HERE, 'declarations'), '.d.ts')].map((name) => path.resolve(name));
const builder = ts.createIncrementalProgram({ rootNames: roots, options: OPTIONS });
const linted = ts.ArkTSLinter_1_1.runArkTSLinter(builder, undefined, undefined, 'ArkTSVersion_1_1');
const problems = [...ts.getPreEmitDiagnostics(builder.getProgram()), ...linted].map(told);
for (const line of [...new Set(problems)].sort()) {
  console.log(line);
}
console.log(`${own.length} files, ${new Set(problems).size} problems`);
process.exitCode = own.length === 0 || problems.length > 0 ? 1 : 0;
