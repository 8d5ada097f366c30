#include "app/metrics/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthorn::app {
namespace {

using testing::HasSubstr;

TEST(MetricsPage, WritesThePrometheusTextForm) {
  MetricsPage page;
  page.counter("posthorn_things_total", "Things.", {{"kind", "a\"b\n"}}, 3);
  page.counter("posthorn_things_total", "Things.", {{"kind", "c"}}, 4);
  page.gauge("posthorn_size", "Size.", {}, 2.5);
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("# HELP posthorn_things_total Things.\n"
                              "# TYPE posthorn_things_total counter\n"
                              "posthorn_things_total{kind=\"a\\\"b\\n\"} 3\n"
                              "posthorn_things_total{kind=\"c\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE posthorn_size gauge\nposthorn_size 2.5\n"));
}

TEST(MetricsPage, BucketsOfAHistogramAreSums) {
  metrics::Durations durations;
  durations.add(std::chrono::nanoseconds(10));
  durations.add(std::chrono::microseconds(50));
  durations.add(std::chrono::hours(1));
  MetricsPage page;
  page.histogram("posthorn_time_seconds", "Time.", {{"of", "x"}}, durations.counts());
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("posthorn_time_seconds_count{of=\"x\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("posthorn_time_seconds_bucket{of=\"x\",le=\"3.2768e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("posthorn_time_seconds_bucket{of=\"x\",le=\"6.5536e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("posthorn_time_seconds_bucket{of=\"x\",le=\"+Inf\"} 3\n"));
}

}  // namespace
}  // namespace posthorn::app
