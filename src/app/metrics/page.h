#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/metrics.h"

namespace prometheus {
struct MetricFamily;
}

namespace posthorn::app {

/// A page of metrics in Prometheus' text form. Values of one name must have the same help text and
/// type. Times are in seconds.
class MetricsPage {
 public:
  using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;

  MetricsPage();
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  /// The name of a counter ends with "_total".
  void counter(const char* name, const char* help, Labels labels, double value);
  void gauge(const char* name, const char* help, Labels labels, double value);
  void histogram(const char* name, const char* help, Labels labels,
                 const metrics::Durations::Counts& counts);

  [[nodiscard]] std::string text() const;

 private:
  enum class Type : std::uint8_t { counter, gauge, histogram };
  prometheus::MetricFamily& family(const char* name, const char* help, Type type);

  std::map<std::string, std::unique_ptr<prometheus::MetricFamily>, std::less<>> families_;
};

}  // namespace posthorn::app
