#include "app/metrics/page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <vector>

namespace posthorn::app {
namespace {

prometheus::ClientMetric& add(prometheus::MetricFamily& family, MetricsPage::Labels labels) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, std::string(value)});
  return metric;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

MetricsPage::MetricsPage() = default;
MetricsPage::~MetricsPage() = default;

prometheus::MetricFamily& MetricsPage::family(const char* name, const char* help, Type type) {
  std::unique_ptr<prometheus::MetricFamily>& place = families_[name];
  if (!place) {
    place = std::make_unique<prometheus::MetricFamily>();
    place->name = name;
    place->help = help;
    switch (type) {
      case Type::counter: place->type = prometheus::MetricType::Counter; break;
      case Type::gauge: place->type = prometheus::MetricType::Gauge; break;
      case Type::histogram: place->type = prometheus::MetricType::Histogram; break;
    }
  }
  return *place;
}

void MetricsPage::counter(const char* name, const char* help, Labels labels, double value) {
  add(family(name, help, Type::counter), labels).counter.value = value;
}

void MetricsPage::gauge(const char* name, const char* help, Labels labels, double value) {
  add(family(name, help, Type::gauge), labels).gauge.value = value;
}

void MetricsPage::histogram(const char* name, const char* help, Labels labels,
                            const metrics::Durations::Counts& counts) {
  auto& histogram = add(family(name, help, Type::histogram), labels).histogram;
  histogram.sample_count = counts.all();
  histogram.sample_sum = seconds(counts.sum);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < metrics::Durations::kBuckets; ++i) {
    below += counts.buckets[i];
    const bool last = i + 1 == metrics::Durations::kBuckets;
    histogram.bucket.push_back({below, last ? std::numeric_limits<double>::infinity()
                                            : seconds(metrics::Durations::bound_of(i))});
  }
}

std::string MetricsPage::text() const {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(families_.size());
  for (const auto& [name, family] : families_) families.push_back(*family);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace posthorn::app
