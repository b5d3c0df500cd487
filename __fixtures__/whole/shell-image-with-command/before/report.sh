date > /work/report.txt
