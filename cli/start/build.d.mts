export declare function buildWeb(options: { say: (line: string) => void }): Promise<void>
export declare function checkWeb(): Promise<void>
