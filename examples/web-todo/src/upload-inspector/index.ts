export { recordUploads, type UploadLog, type UploadLogOptions } from './record-uploads.ts';
export { UploadInspector } from './upload-inspector.tsx';
