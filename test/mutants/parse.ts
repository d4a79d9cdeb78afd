/** Parses sources with the project's TypeScript compiler. */

import path from "node:path";
import type { SourceFile } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

export interface Parser {
  /** @param name Relative to the folder. */
  parse(name: string): SourceFile;
  close(): void;
}

/** @param folder Holds the `tsconfig.json` that names the sources. */
export function openParser(folder: string): Parser {
  const api = new API({ cwd: folder });
  const configuration = path.join(folder, "tsconfig.json");
  const project = api.updateSnapshot({ openProjects: [configuration] }).getProject(configuration);
  return {
    parse(name) {
      const file = project?.program.getSourceFile(path.join(folder, name));
      if (!file) throw new Error(`${name} is not among the sources that ${configuration} names`);
      return file;
    },
    close: () => api.close(),
  };
}
