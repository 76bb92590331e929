// Of the packages in docs/guide/react-native.md, which can't be installed without a phone's platform: what the snippets use.

declare module 'expo-task-manager' {
  export function defineTask(name: string, executor: () => Promise<unknown>): void;
}

declare module 'expo-background-task' {
  export enum BackgroundTaskResult {
    Success = 1,
    Failed = 2,
  }
  export function registerTaskAsync(name: string, options?: { minimumInterval?: number }): Promise<void>;
}

declare module 'react-native-background-fetch' {
  const BackgroundFetch: {
    configure(
      config: { minimumFetchInterval?: number; stopOnTerminate?: boolean; enableHeadless?: boolean },
      onEvent: (taskId: string) => Promise<void>,
      onTimeout: (taskId: string) => Promise<void>,
    ): Promise<number>;
    registerHeadlessTask(task: (event: { taskId: string; timeout: boolean }) => Promise<void>): void;
    finish(taskId: string): void;
  };
  export default BackgroundFetch;
}
