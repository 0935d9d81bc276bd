/** Prometheus' name: `deviceReservedBytes` becomes `bytesper_device_reserved_bytes`. */
export function metricName(reading: string): string {
  const words = reading.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return `bytesper_${words}`;
}
