import { folderStage } from '../file-store/file-stage.ts';
import { storeSuite } from './store.suite.ts';

storeSuite('file store', folderStage);
