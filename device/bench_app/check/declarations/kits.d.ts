/** What this app uses of the system, as the API reference of HarmonyOS describes it (API 12). */

declare module '@kit.AbilityKit' {
  import { window } from '@kit.ArkUI';

  export class Want {
    bundleName?: string;
    abilityName?: string;
    parameters?: Record<string, Object>;
  }
  export namespace AbilityConstant {
    interface LaunchParam {
      launchReason: number;
    }
  }
  export class UIAbilityContext {
    filesDir: string;
  }
  export class UIAbility {
    context: UIAbilityContext;
    onCreate(want: Want, launchParam: AbilityConstant.LaunchParam): void;
    onNewWant(want: Want, launchParam: AbilityConstant.LaunchParam): void;
    onWindowStageCreate(windowStage: window.WindowStage): void;
  }
}

declare module '@kit.ArkUI' {
  import { BusinessError } from '@kit.BasicServicesKit';

  export namespace window {
    interface WindowStage {
      loadContent(path: string, callback: (error: BusinessError) => void): void;
      getMainWindow(): Promise<Window>;
    }
    interface Window {
      setWindowKeepScreenOn(isKeepScreenOn: boolean): Promise<void>;
    }
  }
}

declare module '@kit.BasicServicesKit' {
  export interface BusinessError extends Error {
    code: number;
  }
}

declare module '@kit.PerformanceAnalysisKit' {
  export namespace hilog {
    function warn(domain: number, tag: string, format: string, ...args: Object[]): void;
    function error(domain: number, tag: string, format: string, ...args: Object[]): void;
  }
}
