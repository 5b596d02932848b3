/** The components, decorators and globals of ArkUI that this app uses. */

declare const Entry: ClassDecorator & ((...options: Object[]) => ClassDecorator);
declare const Component: ClassDecorator & ((...options: Object[]) => ClassDecorator);
declare const StorageLink: (name: string) => PropertyDecorator;

declare class AppStorage {
  static setOrCreate<T>(name: string, value: T): void;
}

declare enum FlexAlign {
  Start,
  Center,
  End
}

interface Padding {
  top?: number;
  right?: number;
  bottom?: number;
  left?: number;
}

declare class CommonMethod<T> {
  width(value: number | string): T;
  height(value: number | string): T;
  padding(value: Padding | number): T;
  margin(value: Padding | number): T;
}

declare class ColumnAttribute extends CommonMethod<ColumnAttribute> {
  justifyContent(value: FlexAlign): ColumnAttribute;
}
declare class TextAttribute extends CommonMethod<TextAttribute> {
  fontSize(value: number): TextAttribute;
}

interface ColumnInterface {
  (): ColumnAttribute;
}
interface TextInterface {
  (content: string): TextAttribute;
}

declare const Column: ColumnInterface;
declare const Text: TextInterface;
declare const ColumnInstance: ColumnAttribute;
declare const TextInstance: TextAttribute;
declare class CustomComponent {}
declare class BaseCustomComponent {}

declare function setInterval(handler: () => void, timeoutMs: number): number;
declare function clearInterval(id: number): void;
