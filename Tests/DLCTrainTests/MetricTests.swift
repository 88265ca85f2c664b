import DLCTrain
import Testing

@Suite struct MetricTests {
    @Test func namesSayWhatIsBetter() {
        #expect(!Metric("loss").isBetterLarger && !Metric("meanSquaredError").isBetterLarger)
        #expect(Metric("accuracy").isBetterLarger && Metric("meanIoU").isBetterLarger)
        #expect(!Metric("inaccuracy").isBetterLarger && !Metric("bits").isBetterLarger && !Metric("found").isBetterLarger)
        #expect(Metric("loss").isBetter(1, than: 2) && Metric("accuracy").isBetter(2, than: 1))
    }

    @Test func whatIsNoNumberIsWorst() {
        for metric in [Metric("loss"), Metric("accuracy")] {
            #expect(metric.isBetter(1, than: .nan) && !metric.isBetter(.nan, than: 1) && !metric.isBetter(.nan, than: .nan))
        }
    }
}
