export interface ColumnSpec { title: string; from: string; unit?: string }
